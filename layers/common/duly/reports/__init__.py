"""Pages and CloudWatch widgets drawn from account headers."""

"""The local stack: emulator, deploy of template.yaml, mailbox page, simulated business."""

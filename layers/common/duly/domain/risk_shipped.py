"""The shipped weights of the risk score: data, written by bench/fit_risk.py, not by hand.

Made-up histories of 30 businesses: python bench/risk_history.py FOLDER --seed 11
Fitted on 32512 outcomes. By hand, because the history is silent: provisional.
"""

from __future__ import annotations

from typing import Final

from duly.domain.risk_model import Model, Portfolio

SHIPPED: Final = Model(
    portfolio=Portfolio(
        late_permille=342,
        late_strength=161,
        habit_millidays=-3699,
        habit_strength=75,
        spread_millidays=7181,
        dispute_permille=150,
        dispute_strength=356,
        dispute_delay_millidays=8552,
    ),
    intercept=-124,
    habit=552,
    late_ratio=517,
    days_late=0,
    overdue_items=104,
    oldest_overdue=10,
    overdue_share=145,
    limit_use=319,
    broken_promise=161,
    dispute_lost=50,
    bounced=125,
    young=58,
    provisional=300,
    invoice_size=247,
    external=1282,
    uninsured=99,
)

"""The human study of paper 1 (section 4.2, Table 1): people say which pictures they take for real.

``design`` balances what is shown, ``make`` takes it from the results of a run, ``plan`` is the file
between all others. ``app`` shows pages and ``store`` keeps votes; neither imports NumPy. ``rates``
turns votes into numbers, which the step ``evaluate_study`` hands to the tables.
"""

"""Quality checks: streaming, pure, each with an outcome of its own, folded to one QARTOD flag."""

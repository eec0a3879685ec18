"""Points: the only code that moves a point. Wallets, lots, holds, and the append-only double-entry ledger."""

//! Nothing: only the lock file is looked at.

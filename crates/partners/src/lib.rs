//! Asking partners: one contract, one module per protocol.

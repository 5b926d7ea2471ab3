//! A simulated travel market with a known answer for every question.

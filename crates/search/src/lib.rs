//! One live search: create, choose partners, fan out, merge, rank, poll.

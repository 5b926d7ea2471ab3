//! One complete copy of the service: the outward API and its wire types.

//! Builds journeys from a schedule.

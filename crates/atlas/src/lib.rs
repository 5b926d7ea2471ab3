//! Reference data: places, carriers, currencies, time zones, autosuggest.

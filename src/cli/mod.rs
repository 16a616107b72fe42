//! The command line's own parts: what it reads and how it shows a summary. Everything between is production's.

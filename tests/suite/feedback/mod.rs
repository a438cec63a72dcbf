//! Files that came back, through the program.

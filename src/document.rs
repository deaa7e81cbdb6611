//! Documents: the YAML kinds, reading a folder of them, and validating it as a whole. A folder that does not check is refused
//! whole, with every diagnostic.

pub mod kinds;

//! Documents: the YAML kinds, reading a folder of them, and validating it as a whole. A folder that does not check is refused
//! whole, with every finding.

mod fields;
pub mod finding;
pub mod format;
pub mod kinds;
pub mod load;
mod read;
mod sources;
pub mod test;
mod validate;
pub mod warning;
pub mod written;
mod yaml;

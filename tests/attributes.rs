//! Attributes from sources: what they give, how long it holds, and what happens when they fail. The sources are real servers, in
//! processes of their own that are stopped, paused, slowed and made to answer nonsense.

mod faults;
mod freshness;
mod http;
mod ldap;
pub(crate) mod people;
pub(crate) mod postgres;
mod server;
pub(crate) mod slapd;
mod sql;

//! Meshward, the open policy plane for Trino and Starburst. `ARCHITECTURE.md` has the bird's eye view.

pub mod answer;
pub mod attributes;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod config;
pub mod diff;
pub mod document;
pub mod engine;
pub mod health;
pub mod http;
pub mod language;
pub mod lint;
pub mod model;
pub mod policy_test;
pub mod rpc;
pub mod server;
pub mod sql;
pub mod store;
pub mod telemetry;
pub mod token;

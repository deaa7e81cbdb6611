//! The words that every other module speaks: names, values, subjects, actions, resources, requests and decisions. Nothing here
//! knows of gRPC, YAML, files or time.

pub mod action;
pub mod cell;
pub mod column_type;
pub mod decision;
pub mod mask;
pub mod name;
pub mod regex;
pub mod request;
pub mod subject;
pub mod value;

//! Who gains and loses what between two folders of documents.

mod cases;
mod missed;
mod page;

//! The agreement of the registry of conventions, the code and the pages of the documentation.

mod code;
mod files;
mod library;
mod page;
mod pages;
mod registry;
mod yaml;

//! Tests of the program that need its parts.

mod book;

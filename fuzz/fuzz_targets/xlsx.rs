#![no_main]

libfuzzer_sys::fuzz_target!(init: doudi_fuzz::prepare(), |bytes: &[u8]| doudi_fuzz::throw(doudi::fuzzing::xlsx, bytes));

//! Laws of every ADC and DAC, at every resolution.

use cim_laws::{adc, dac};
use cim_tests::registered::{adcs, dacs};

#[test]
fn every_adc_obeys_every_law() {
    for (name, top, own) in adcs() {
        for (_, law) in adc::LAWS {
            law(own.as_ref()).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
        assert_eq!(own.codes(), -top..=top, "{name}");
    }
}

#[test]
fn every_dac_obeys_every_law() {
    for (name, lowest, own) in dacs() {
        for (_, law) in dac::LAWS {
            law(&own, lowest).unwrap_or_else(|broken| panic!("{name}: {broken}"));
        }
    }
}

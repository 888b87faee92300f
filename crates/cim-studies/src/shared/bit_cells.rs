//! Cells that hold one bit each: at the top of the window, or at its bottom.

use std::sync::Arc;

use cim_chip::ChipError;
use cim_chip::sections::{DeviceSpec, device, need};
use cim_device::{Conduction, Device, Moments, Window};
use cim_tile::placement::Cells;

/// Active cells at the top of the window, others at its bottom.
pub fn states(window: Window) -> Cells {
    Cells { on: window.g_max, off: window.g_min }
}

/// The device of `[device]`, whose currents have to be those of conductances: weights are sums of these.
///
/// # Errors
/// [`ChipError`] for a device that cannot be, or that does not follow Ohm's law.
pub fn device(spec: &DeviceSpec) -> Result<Arc<dyn Device>, ChipError> {
    let device = device::build(spec)?;
    let ohmic = *device.current_voltage() == Conduction::Ohmic;
    let help = "choose ohmic cells: arrays of this study are linear circuits";
    need(ohmic, "device.model.current_voltage", "another law than Ohm's", help)?;
    Ok(device)
}

/// Whether programming leaves exactly what is asked for, in both states: then nothing is drawn.
pub fn are_exact(device: &dyn Device) -> bool {
    let Cells { on, off } = states(device.window());
    [on, off].iter().all(|g| device.programmed(g.0) == Moments { mean: g.0, variance: 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ideal_cells_alone_are_exact() {
        let of = |effects: &str| {
            let text = format!(
                "model = {{ kind = 'ideal', g_off = '1 uS', g_on = '30 uS' }}\neffects = [{effects}]"
            );
            device(&toml::from_str(&text).expect("TOML")).expect("a device")
        };
        assert!(are_exact(&*of("")));
        let stuck = "{ kind = 'stuck', cells = 'random', share_low = 0.01, share_high = 0.0, low = '0 S', \
                     high = '30 uS' }";
        assert!(!are_exact(&*of(stuck)));
        for name in cim_device::published_names() {
            let published = cim_device::published(name).expect("listed").device;
            assert!(!are_exact(&*published), "{name}");
        }
    }
}

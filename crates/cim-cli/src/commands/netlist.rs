//! `cim netlist`: an array for ngspice.

use cim_crossbar::spice;

use super::array::{Array, usage};
use crate::args::Netlist;
use crate::error::CliError;
use crate::files::write_atomic;
use crate::form::Form;

/// Writes the netlist, or returns it where no file is asked for.
pub fn run(args: &Netlist, form: Form) -> Result<String, CliError> {
    let array = Array::read(&args.array)?;
    let vectors = array.volts.nrows();
    if vectors <= args.vector {
        return Err(usage(
            format!(
                "--vector {}: {} holds {vectors} vectors",
                args.vector,
                args.array
                    .volts
                    .as_ref()
                    .map_or("--select".into(), |path| path.display().to_string())
            ),
            "vectors are counted from 0",
        ));
    }
    let bias = &array.biases()[args.vector];
    let netlist = spice::Netlist::new(&array.circuit, &array.law, bias)
        .map_err(|error| array.refused(error))?
        .to_string();
    let Some(out) = &args.out else {
        return form.print_as("netlist", &Written { netlist: Some(&netlist), out: None }, || {
            netlist.clone()
        });
    };
    write_atomic(out, netlist.as_bytes())?;
    form.print_as("netlist", &Written { netlist: None, out: Some(out) }, || {
        format!("{}: run it with ngspice -b\n", out.display())
    })
}

/// The netlist, or the file that has it.
#[derive(serde::Serialize)]
struct Written<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    netlist: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    out: Option<&'a std::path::Path>,
}

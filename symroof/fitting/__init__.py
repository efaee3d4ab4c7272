"""From measurements to a calibration: tables of records, the fit of letters, and what explains one record."""

"""Black-box tests: real processes, spoken to over HTTP and the command line. They may not import the product."""

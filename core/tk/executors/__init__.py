"""Where work runs: `local` processes or `ray`; each is a `tk.protocols.Executor`."""

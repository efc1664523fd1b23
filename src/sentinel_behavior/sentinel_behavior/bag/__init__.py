"""Everything that the nodes say to each other, as MCAP files for Foxglove and for replay."""

"""What the demo estate talks to; mounted only while the demo is on."""

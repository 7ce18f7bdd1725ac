"""What it adds up to: metrics, drivers, prevention, reviews of the month, replay."""

package org.farshore.tests.simulation;

/** Kinds of faults that a seed switches on or off together. */
enum FaultFamily {
    NETWORK,
    CORRUPTION,
    KILLS,
    PAUSES,
    POWER,
    DISK,
    ROT,
    CAPTURE,
    SOURCE,
    CLOCKS
}

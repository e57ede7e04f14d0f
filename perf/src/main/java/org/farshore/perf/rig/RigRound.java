package org.farshore.perf.rig;

/**
 * One alternated round: the limits of the machine, then as much as goes through, then half of that at a fixed rate.
 *
 * @param limits before the round.
 * @param most with unlimited load.
 * @param half at half the rate that the rounds before had as their median; null where only the most was asked for.
 */
record RigRound(CopyLimits.Speeds limits, RigWindow most, RigWindow half) {}

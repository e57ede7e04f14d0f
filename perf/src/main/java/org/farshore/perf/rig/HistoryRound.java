package org.farshore.perf.rig;

/** The same load twice: through a master target that keeps nothing, and through one that keeps a window. */
record HistoryRound(RigWindow without, RigWindow with) {
    private static final String ROLE = "master-target";

    /** CPU of the master target for a GiB with history, divided by that without. */
    double cpuRatio() {
        return cpu(with) / cpu(without);
    }

    static double cpu(final RigWindow window) {
        return window.uses().get(ROLE).cpuSecondsPerGibibyte();
    }

    static double cpu(final RigWindow window, final String thread) {
        final RigWindow.ThreadUse use = window.uses().get(ROLE).threads().get(thread);
        return use == null ? 0 : use.cpuSecondsPerGibibyte();
    }
}

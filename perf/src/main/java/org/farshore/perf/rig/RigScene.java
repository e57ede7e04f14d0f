package org.farshore.perf.rig;

import java.util.List;
import org.farshore.perf.load.PayloadMix;

/**
 * All rounds of one setting.
 *
 * @param title for people.
 * @param mix what the written bytes are like.
 */
record RigScene(String title, RigSettings settings, PayloadMix mix, List<RigRound> rounds) {
    double gigabytesPerSecond() {
        return Medians.of(rounds, round -> round.most().gigabytesPerSecond());
    }

    boolean hasHalf() {
        return rounds.get(0).half() != null;
    }
}

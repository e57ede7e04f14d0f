package org.farshore.dataplane.retire;

import java.util.List;
import org.farshore.dataplane.journal.VolumeState;

/**
 * Whether the source of one stream is let in, decided by failover and obeyed by the receive thread. A rule is stored durably
 * by its maker before it is set here.
 *
 * <p>A rule that refuses counts as obeyed when nothing of the source is under way any more: its connection has ended and all
 * that was taken is durable. What follows from the rule begins after that.
 */
public final class StreamFence {
    /** Nothing was ever decided. */
    public static final Rule OPEN = new Rule(0, 0, null, false);

    private volatile Rule rule = OPEN;
    private volatile Rule obeyed = OPEN;
    private volatile Held held;

    /**
     * What is decided.
     *
     * @param generation the stream's from now on; lower ones are stale,
     * @param acceptFrom except those from here on, whose source lost nothing by the decision.
     * @param refusal why every source is refused, or null when it is let in.
     * @param beginsAnew the generation begins in a segment of its own, with nothing held of any capture: whoever comes must
     *     compare.
     */
    public record Rule(int generation, int acceptFrom, String refusal, boolean beginsAnew) {}

    /**
     * How the stream stands at its end, everything of it durable.
     *
     * @param volumes as the newest record has them.
     * @param beginPosition of the segment that the generation began with by {@link Rule#beginsAnew}; 0 for none.
     */
    public record Held(
            int generation, int incarnation, long endSequence, long beginPosition, List<VolumeState> volumes) {
        public Held {
            volumes = List.copyOf(volumes);
        }
    }

    /** Decides; any one thread. */
    public void set(final Rule newRule) {
        rule = newRule;
    }

    /** What is decided now. Any thread. */
    public Rule rule() {
        return rule;
    }

    /** True when the receive thread acts by the newest rule. Any thread. */
    public boolean isObeyed() {
        return obeyed.equals(rule);
    }

    /** The receive thread acts by this rule. */
    public void obey(final Rule newRule) {
        obeyed = newRule;
    }

    /** The rule that the receive thread acts by. */
    public Rule obeyed() {
        return obeyed;
    }

    /** How the stream stood when the receive thread last obeyed a rule, or was given the stream; null before. Any thread. */
    public Held held() {
        return held;
    }

    /** Receive thread: the stream stands so. */
    public void hold(final Held newHeld) {
        held = newHeld;
    }
}

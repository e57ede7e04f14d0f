package org.farshore.agent.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.farshore.agent.stream.ReadBackModel.World;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Drives {@link ReadBack} through every interleaving of submissions, single sectors reaching the device, completions,
 * ring losses, taken records, reads and their single sectors, harvests, kills and CONVERGED, in small worlds.
 *
 * <p>Wherever a point could be cut, the replica must be a state that a crash of the source could have left: a set of writes
 * closed under "completed before the other was submitted", writes in flight possibly torn. At rest the volume must have
 * converged and the replica must equal the device. Every wrong variant of the rule must break one of these.
 */
class ReadBackModelTest {
    private static final int STATES_MAX = 2_000_000;
    /** So many at least are visited in each kind of world, or the exploration is not what it says. */
    private static final int STATES_MIN = 350;

    private static final List<World> WORLDS = worlds();

    @ParameterizedTest
    @EnumSource
    void everyInterleavingIsRightWithTheRuleAndSomeIsWrongWithoutIt(final RuleVariant rule) {
        final List<String> faults = new ArrayList<>();
        for (final World world : WORLDS) {
            final String fault = explore(world, rule);
            if (fault != null) {
                faults.add(world.name() + ": " + fault);
                if (!rule.isRight()) {
                    break;
                }
            }
        }
        if (rule.isRight()) {
            assertThat(faults).isEmpty();
        } else {
            assertThat(faults).as("the wrong variant must be noticed").isNotEmpty();
        }
    }

    private static List<World> worlds() {
        final List<World> worlds = new ArrayList<>();
        for (final boolean blocks : new boolean[] {false, true}) {
            final String cells = blocks ? " of blocks" : " of sectors";
            worlds.add(new World("capture only" + cells, 2, new int[][] {{0, 1}, {0}}, 0, 0, 0, blocks));
            worlds.add(new World("order of two" + cells, 2, new int[][] {{0}, {1}, {0}}, 0, 0, 0, blocks));
            worlds.add(new World("in flight at start" + cells, 2, new int[][] {{0, 1}, {0}}, 1, 0, 0, blocks));
            worlds.add(new World("killed" + cells, 2, new int[][] {{0, 1}, {0}}, 0, 0, 1, blocks));
            worlds.add(new World("killed, one loss" + cells, 1, new int[][] {{0}, {0}}, 0, 1, 1, blocks));
            worlds.add(new World("two losses, order" + cells, 2, new int[][] {{0}, {1}}, 0, 2, 0, blocks));
            worlds.add(new World("two losses" + cells, 1, new int[][] {{0}, {0}, {0}}, 0, 2, 0, blocks));
            worlds.add(new World("one loss" + cells, 2, new int[][] {{0}, {1}, {0}}, 0, 1, 0, blocks));
        }
        return worlds;
    }

    /** Visits every state; what is wrong in the first wrong one, or null. */
    private static String explore(final World world, final RuleVariant rule) {
        final Set<String> seen = new HashSet<>();
        final Deque<ReadBackModel> stack = new ArrayDeque<>();
        final ReadBackModel first = new ReadBackModel(world, rule);
        seen.add(first.key());
        stack.push(first);
        while (!stack.isEmpty()) {
            final ReadBackModel state = stack.pop();
            if (state.converged && (state.knownEpoch == state.epoch || !rule.withholdsPoints()) && !isLegal(state)) {
                return "illegal point";
            }
            final List<ReadBackModel> next = successors(state);
            if (next.isEmpty() && !state.converged) {
                return "never converges";
            }
            if (next.isEmpty() && !Arrays.equals(state.replica, state.device)) {
                return "replica differs at rest";
            }
            for (final ReadBackModel successor : next) {
                if (seen.add(successor.key())) {
                    stack.push(successor);
                }
            }
            if (seen.size() > STATES_MAX) {
                return "too many states";
            }
        }
        return seen.size() < STATES_MIN ? "only " + seen.size() + " states" : null;
    }

    private static List<ReadBackModel> successors(final ReadBackModel state) {
        final List<ReadBackModel> next = new ArrayList<>();
        for (int write = 0; write < state.status.length; write++) {
            if (state.status[write] == 0 && maySubmit(state, write)) {
                submit(state, write, next);
            } else if (state.status[write] == 1) {
                reachDevice(state, write, next);
                if (state.applied[write] == state.world.mask(write)) {
                    complete(state, write, next);
                }
            }
        }
        agentSteps(state, next);
        return next;
    }

    private static boolean maySubmit(final ReadBackModel state, final int write) {
        for (int other = 0; other < state.status.length; other++) {
            if (other < write && state.status[other] == 0) {
                return false;
            }
            if (state.status[other] == 1 && (state.world.mask(other) & state.world.mask(write)) != 0) {
                return false;
            }
        }
        return true;
    }

    private static void submit(final ReadBackModel state, final int write, final List<ReadBackModel> next) {
        final ReadBackModel taken = state.copy();
        taken.status[write] = 1;
        for (int other = 0; other < state.status.length; other++) {
            taken.dependsOn[write] |= state.status[other] == 2 ? 1 << other : 0;
        }
        if (state.losses > 0) {
            final ReadBackModel missed = taken.copy();
            missed.losses--;
            missed.epoch++;
            missed.lost |= state.rule.marksAtSubmission() ? state.world.mask(write) : 0;
            next.add(missed);
        }
        taken.produce(write);
        next.add(taken);
    }

    private static void reachDevice(final ReadBackModel state, final int write, final List<ReadBackModel> next) {
        for (final int cell : state.world.writes()[write]) {
            if ((state.applied[write] >> cell & 1) == 0) {
                final ReadBackModel landed = state.copy();
                landed.applied[write] |= 1 << cell;
                landed.device[cell] = write;
                next.add(landed);
            }
        }
    }

    private static void complete(final ReadBackModel state, final int write, final List<ReadBackModel> next) {
        final ReadBackModel taken = state.copy();
        taken.status[write] = 2;
        if (state.losses > 0) {
            final ReadBackModel missed = taken.copy();
            missed.losses--;
            missed.epoch++;
            missed.lost |= state.rule.marksAtCompletion() ? state.world.mask(write) : 0;
            next.add(missed);
        }
        taken.produce(~write);
        next.add(taken);
    }

    private static void agentSteps(final ReadBackModel state, final List<ReadBackModel> next) {
        if (state.ring.length > 0) {
            final ReadBackModel after = state.copy();
            after.take();
            next.add(after);
        }
        if (state.lost != 0 || state.epoch != state.knownEpoch) {
            final ReadBackModel after = state.copy();
            after.harvest();
            next.add(after);
        }
        if (!state.read.isOpen() && state.todo.cardinality() > 0 && state.readBack.mayRead()) {
            final ReadBackModel after = state.copy();
            after.beginRead();
            next.add(after);
        }
        if (state.read.isOpen()) {
            final ReadBackModel after = state.copy();
            final int cell = state.unread();
            if (cell >= 0) {
                after.got[cell] = state.device[cell];
            } else {
                after.endRead();
            }
            next.add(after);
        }
        if (state.kills > 0) {
            final ReadBackModel after = state.copy();
            after.kill();
            next.add(after);
        }
        if (!state.converged
                && state.lost == 0
                && state.epoch == state.knownEpoch
                && state.readBack.isConverged(state.taken())) {
            final ReadBackModel after = state.copy();
            after.converged = true;
            after.readBack.phase(VolumePhase.ORDERED);
            next.add(after);
        }
    }

    /** Is the replica a set of (write, cell) that holds everything which completed before what it holds was submitted? */
    private static boolean isLegal(final ReadBackModel state) {
        final int cells = state.world.cells();
        final List<int[]> pairs = new ArrayList<>();
        for (int write = 0; write < state.status.length; write++) {
            for (final int cell : state.world.writes()[write]) {
                if (state.status[write] >= 1) {
                    pairs.add(new int[] {write, cell});
                }
            }
        }
        for (int chosen = 0; chosen < 1 << pairs.size(); chosen++) {
            final int[] held = new int[state.status.length];
            for (int pair = 0; pair < pairs.size(); pair++) {
                held[pairs.get(pair)[0]] |= (chosen >> pair & 1) << pairs.get(pair)[1];
            }
            if (isClosed(state, held) && shows(state, held, cells)) {
                return true;
            }
        }
        return false;
    }

    private static boolean isClosed(final ReadBackModel state, final int[] held) {
        for (int write = 0; write < held.length; write++) {
            for (int before = 0; before < held.length; before++) {
                if (held[write] != 0
                        && (state.dependsOn[write] >> before & 1) != 0
                        && held[before] != state.world.mask(before)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static boolean shows(final ReadBackModel state, final int[] held, final int cells) {
        for (int cell = 0; cell < cells; cell++) {
            int newest = ReadBackModel.OLD;
            for (int write = 0; write < held.length; write++) {
                if ((held[write] >> cell & 1) != 0 && (newest < 0 || rank(state, write) > rank(state, newest))) {
                    newest = write;
                }
            }
            if (state.replica[cell] != newest) {
                return false;
            }
        }
        return true;
    }

    private static int rank(final ReadBackModel state, final int write) {
        return Integer.bitCount(state.dependsOn[write]) * 10 + write;
    }
}

package org.farshore.tests.simulation.small;

import static org.farshore.tests.simulation.small.Script.Act.Kind.COMPLETE;
import static org.farshore.tests.simulation.small.Script.Act.Kind.LAND_HALF;
import static org.farshore.tests.simulation.small.Script.Act.Kind.LOSE_NEXT;
import static org.farshore.tests.simulation.small.Script.Act.Kind.REBOOT;
import static org.farshore.tests.simulation.small.Script.Act.Kind.SUBMIT;
import static org.farshore.tests.simulation.small.Script.Act.Kind.WAIT;

import java.util.List;

/**
 * What the source machine does: at most three writes over two volumes, in steps of their own. Write 0 has a part of a block
 * of volume 0, write 1 several pieces on volume 1, write 2 the block of write 0 and more.
 */
enum Script {
    /** The machine writes while its volumes are copied for the first time. */
    WRITES_DURING_THE_COPY(List.of(
            act(SUBMIT, 0),
            act(SUBMIT, 1),
            act(LAND_HALF, 1),
            act(COMPLETE, 0),
            act(SUBMIT, 2),
            act(COMPLETE, 1),
            act(COMPLETE, 2))),
    /** The machine writes when everything is in order. */
    WRITES_IN_ORDER(List.of(
            act(WAIT, 0),
            act(SUBMIT, 0),
            act(COMPLETE, 0),
            act(SUBMIT, 1),
            act(SUBMIT, 2),
            act(LAND_HALF, 2),
            act(COMPLETE, 1),
            act(COMPLETE, 2))),
    /** The ring has no room for a write, which lands much later. */
    A_WRITE_IS_LOST(List.of(
            act(WAIT, 0),
            act(SUBMIT, 0),
            act(COMPLETE, 0),
            act(LOSE_NEXT, 1),
            act(SUBMIT, 2),
            act(SUBMIT, 1),
            act(WAIT, 0),
            act(COMPLETE, 2),
            act(COMPLETE, 1))),
    /** The ring has no room for a completion. */
    A_COMPLETION_IS_LOST(List.of(
            act(WAIT, 0),
            act(SUBMIT, 0),
            act(SUBMIT, 1),
            act(LOSE_NEXT, 1),
            act(COMPLETE, 0),
            act(SUBMIT, 2),
            act(COMPLETE, 1),
            act(COMPLETE, 2))),
    /** The machine loses its power between two writes, with one in flight that had landed in part. */
    THE_MACHINE_STARTS_ANEW(List.of(
            act(WAIT, 0),
            act(SUBMIT, 0),
            act(COMPLETE, 0),
            act(SUBMIT, 1),
            act(LAND_HALF, 1),
            act(REBOOT, 0),
            act(SUBMIT, 2),
            act(COMPLETE, 2)));

    /** One step of the source; {@code of} is the number of a write, or a count. */
    record Act(Kind kind, int of) {
        enum Kind {
            SUBMIT,
            /** The first half of a write in flight reaches the device. */
            LAND_HALF,
            COMPLETE,
            /** Until every volume is ordered. */
            WAIT,
            /** The next record finds no room. */
            LOSE_NEXT,
            REBOOT
        }
    }

    private final List<Act> acts;

    Script(final List<Act> acts) {
        this.acts = acts;
    }

    List<Act> acts() {
        return acts;
    }

    private static Act act(final Act.Kind kind, final int of) {
        return new Act(kind, of);
    }
}

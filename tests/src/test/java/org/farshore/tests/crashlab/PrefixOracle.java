package org.farshore.tests.crashlab;

import java.util.Arrays;
import org.farshore.dataplane.ship.MessageWriter.Extent;

/** What the volumes hold behind any END of the script. Cheap while one asks in order. One thread. */
final class PrefixOracle {
    private final SourceScript script;
    private final byte[][] volumes = new byte[SourceScript.VOLUMES.length + 1][SourceScript.VOLUME_LENGTH];
    private int taken;

    PrefixOracle(final SourceScript script) {
        this.script = script;
    }

    /** The bytes of a volume behind the message that ends with a sequence; not to be changed, valid until the next call. */
    byte[] volume(final int volume, final long sequence) {
        if (taken > 0 && script.message(taken - 1).lastSequence() > sequence) {
            taken = 0;
            for (final byte[] bytes : volumes) {
                Arrays.fill(bytes, (byte) 0);
            }
        }
        while (taken < script.made() && script.message(taken).lastSequence() <= sequence) {
            script.message(taken).extents().forEach(this::take);
            taken++;
        }
        return volumes[volume];
    }

    private void take(final Extent extent) {
        final byte[] target = volumes[extent.volume()];
        if (extent.payload() == null) {
            Arrays.fill(target, (int) extent.offset(), (int) (extent.offset() + extent.length()), (byte) 0);
        } else {
            System.arraycopy(extent.payload(), 0, target, (int) extent.offset(), extent.payload().length);
        }
    }
}

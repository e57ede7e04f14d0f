package org.farshore.tests.fuzz;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.farshore.dataplane.mastertarget.StoppedTarget;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * A master target that starts on a damaged data directory: journal, state record, claim. It may refuse to start, with one
 * line; it may leave out what it cannot read. Unless somebody repaired checksums with malice, no block of the replica ever
 * holds what its volume never held there.
 */
public final class TargetStartFuzz {
    /** Held, so that it stays silent: each damage would be told. */
    private static final Logger LOG = Logger.getLogger("org.farshore.dataplane");

    private static final Map<Path, byte[]> IMAGE = image();

    static {
        LOG.setLevel(Level.OFF);
    }

    private TargetStartFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final HeapFiles files = new HeapFiles(IMAGE);
        final byte[] replica = files.all().remove(StoppedTarget.REPLICA);
        final int edits = Edits.apply(input, files.all());
        files.put(StoppedTarget.REPLICA, replica);
        boolean isRefused = false;
        try {
            StoppedTarget.startAndApply(files);
        } catch (final FarshoreException e) {
            isRefused = true;
            RecordMessageFuzz.require(e.getMessage() != null && !e.getMessage().isBlank(), "a refusal without a word");
        } catch (final RuntimeException e) {
            throw e;
        } catch (final Exception e) {
            throw new AssertionError(e);
        }
        if (!Edits.isMalicious(input)) {
            final int wrong = StoppedTarget.wrongBlock(files.get(StoppedTarget.REPLICA));
            RecordMessageFuzz.require(wrong < 0, "wrong bytes in block " + wrong);
        }
        if (edits == 0) {
            RecordMessageFuzz.require(
                    !isRefused && StoppedTarget.isComplete(files.get(StoppedTarget.REPLICA)),
                    "an undamaged directory is not applied");
        }
    }

    static List<byte[]> seeds() {
        return Edits.seeds(IMAGE.size() - 1);
    }

    private static Map<Path, byte[]> image() {
        try {
            return HeapFiles.image(StoppedTarget.disk(), StoppedTarget.DATA);
        } catch (final java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }
}

package org.farshore.tests.fuzz;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.farshore.dataplane.journal.StateFile;
import org.farshore.dataplane.journal.StreamState;
import org.farshore.dataplane.journal.VolumeState;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * The state record of a stream. What is read can be stored and read again; anything else is refused. The first byte of an
 * input says which copies get their checksum again, the rest is the file.
 */
public final class StateFileFuzz {
    private static final Path DIRECTORY = Path.of("/stream");
    private static final Path FILE = DIRECTORY.resolve(StateFile.NAME);
    private static final int COPY_LENGTH = 16 << 10;

    private StateFileFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        if (input.length == 0) {
            return;
        }
        final byte[] file = new byte[2 * COPY_LENGTH];
        System.arraycopy(input, 1, file, 0, Math.min(file.length, input.length - 1));
        for (int copy = 0; copy < 2; copy++) {
            if ((input[0] >> copy & 1) != 0) {
                Inputs.seal(file, copy * COPY_LENGTH, COPY_LENGTH);
            }
        }
        final StreamState state;
        try {
            state = new StateFile(new HeapFiles().put(FILE, file), DIRECTORY).load();
        } catch (final FarshoreException e) {
            RecordMessageFuzz.require(e.getMessage().contains(FILE.toString()), e.getMessage());
            return;
        }
        final HeapFiles fresh = new HeapFiles();
        new StateFile(fresh, DIRECTORY).store(state);
        RecordMessageFuzz.require(new StateFile(fresh, DIRECTORY).load().equals(state), "another state is read again");
    }

    static List<byte[]> seeds() {
        final HeapFiles files = new HeapFiles();
        final StateFile stateFile = new StateFile(files, DIRECTORY);
        final StreamState state = StreamState.initial(1, 2, 256 << 10)
                .withVolumes(List.of(
                        new VolumeState(1, 3, 4, 8192, "data", 2, true),
                        new VolumeState(2, 5, 6, 512, "log", 1, false)));
        stateFile.store(state);
        stateFile.store(state);
        final byte[] file = files.get(FILE);
        final byte[] front = Arrays.copyOf(file, 300);
        return List.of(Inputs.input(0, file), Inputs.input(3, file), Inputs.input(1, front), Inputs.input(3, front));
    }
}

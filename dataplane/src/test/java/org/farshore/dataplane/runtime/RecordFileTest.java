package org.farshore.dataplane.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class RecordFileTest {
    private static final Path DIRECTORY = Path.of("/machine");
    private static final Path PATH = DIRECTORY.resolve("record");
    private static final int OLD_LENGTH = 100;
    private static final int NEW_LENGTH = 200;

    private final SimulatedDisk disk = new SimulatedDisk(1);

    /** Answers false when nothing failed. */
    private boolean failAt(final int operation) {
        disk.createDirectories(DIRECTORY);
        new RecordFile(disk, 7, "see to it").store(PATH, OLD_LENGTH);
        disk.failOperation(disk.operations() + operation);
        boolean isInDoubt = false;
        try {
            new RecordFile(disk, 7, "see to it").store(PATH, NEW_LENGTH);
            return false;
        } catch (final RecordInDoubtException e) {
            isInDoubt = true;
        } catch (final FarshoreException e) {
            assertThat(e).hasMessageContaining("cannot store");
        }
        final int found = new RecordFile(disk, 7, "see to it").load(PATH);
        assertThat(found).isIn(OLD_LENGTH, isInDoubt ? NEW_LENGTH : OLD_LENGTH);
        disk.restart(SimulatedDisk.Survival.NONE);
        assertThat(new RecordFile(disk, 7, "see to it").load(PATH))
                .as("operation %d", operation)
                .isEqualTo(found);
        return true;
    }

    /** Also what a life has read that another one had only just renamed. */
    @Test
    void whatWasReadIsThereAfterAPowerCut() {
        int operation = 1;
        while (failAt(operation)) {
            operation++;
        }
        assertThat(operation).isBetween(6, 20);
    }
}

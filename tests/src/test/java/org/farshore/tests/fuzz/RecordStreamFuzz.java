package org.farshore.tests.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.farshore.dataplane.ship.StreamLimits;
import org.farshore.dataplane.ship.StreamMessageChecker;
import org.farshore.dataplane.ship.VolumeRecords;
import org.farshore.dataplane.volume.StreamVolume;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * A dialogue of record messages, each put in its place in the chain: whatever they say of volumes, the table of volumes
 * stays one that a master target can have. An input is a row of messages, each behind its length in two bytes.
 */
public final class RecordStreamFuzz {
    private static final StreamMessageChecker CHECKER = new StreamMessageChecker();

    private RecordStreamFuzz() {}

    public static void fuzzerTestOneInput(final byte[] input) {
        final VolumeTable volumes = new VolumeTable();
        CHECKER.begin(Inputs.MACHINE_HIGH, Inputs.MACHINE_LOW, 1, 1, 1);
        int previousChecksum = 0;
        for (int at = 0; at + 2 <= input.length; ) {
            final int wanted = (input[at] & 0xFF) | ((input[at + 1] & 0xFF) << 8);
            final int length = Math.min(wanted, input.length - at - 2);
            final byte[] bytes = Arrays.copyOfRange(input, at + 2, at + 2 + length);
            at += 2 + length;
            Inputs.move(bytes, CHECKER.nextSequence());
            Inputs.place(bytes, CHECKER.nextSequence(), previousChecksum);
            final long next = CHECKER.nextSequence();
            if (CHECKER.check(Inputs.direct(bytes), 0, bytes.length) != null || CHECKER.checkVolumes(volumes) != null) {
                continue;
            }
            VolumeRecords.take(CHECKER.message(), volumes);
            previousChecksum = CHECKER.message().checksum();
            CHECKER.accept();
            RecordMessageFuzz.require(CHECKER.nextSequence() > next, "a sequence that stands still");
            RecordMessageFuzz.require(CHECKER.endSequence() < CHECKER.nextSequence(), "an END behind the stream");
            look(volumes);
        }
    }

    private static void look(final VolumeTable volumes) {
        RecordMessageFuzz.require(volumes.size() <= StreamLimits.VOLUMES_MAX, "too many volumes");
        final Set<Long> ids = new HashSet<>();
        for (final StreamVolume volume : volumes.all()) {
            RecordMessageFuzz.require(VolumeTable.isValidName(volume.name()), "name " + volume.name());
            RecordMessageFuzz.require(
                    volume.sizeBytes() > 0 && volume.sizeBytes() <= StreamLimits.VOLUME_LENGTH_MAX, "size");
            RecordMessageFuzz.require(ids.add(volume.uuidHigh() * 31 + volume.uuidLow()), "one id twice");
            RecordMessageFuzz.require(volume.writeOrder() != null, "no write order");
        }
    }

    static List<byte[]> seeds() {
        final ByteArrayOutputStream row = new ByteArrayOutputStream();
        for (final byte[] message : Inputs.messages()) {
            row.write(message.length);
            row.write(message.length >> 8);
            row.write(message, 0, message.length);
        }
        return List.of(row.toByteArray());
    }
}

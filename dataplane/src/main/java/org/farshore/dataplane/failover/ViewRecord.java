package org.farshore.dataplane.failover;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.agrona.concurrent.UnsafeBuffer;
import org.farshore.dataplane.codecs.failover.MessageHeaderDecoder;
import org.farshore.dataplane.codecs.failover.MessageHeaderEncoder;
import org.farshore.dataplane.codecs.failover.ViewDecoder;
import org.farshore.dataplane.codecs.failover.ViewEncoder;
import org.farshore.dataplane.codecs.failover.ViewPurpose;
import org.farshore.dataplane.codecs.replication.BarrierKind;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;
import org.farshore.dataplane.runtime.RecordFile;
import org.farshore.dataplane.volume.VolumeTable;

/**
 * What must be known of a view to open it again after a stop: the file {@value #NAME} in its directory, written last when the
 * view is made and removed first when it is closed. A directory without it is what is left of one of the two.
 *
 * @param id name of its directory.
 * @param volumes of the point that are open, each with its name.
 */
record ViewRecord(
        String id,
        long machineIdHigh,
        long machineIdLow,
        ViewPurpose purpose,
        long createdNs,
        RecoveryPoint point,
        List<Volume> volumes) {
    static final String NAME = "view";

    /** Position of a point that was lost with the end of the journal: no journal comes so far. */
    static final long LOST = Long.MAX_VALUE;

    private static final int VOLUMES_MAX = 64;
    private static final Pattern ID = Pattern.compile("[0-9a-f]{8}");

    /** A volume of the view. */
    record Volume(String name, RecoveryPoint.PointVolume at) {}

    ViewRecord {
        volumes = List.copyOf(volumes);
    }

    /** The same view; its point is no more, whatever the journal will hold at that position. */
    ViewRecord withPointLost() {
        final RecoveryPoint lost = new RecoveryPoint(
                point.sequence(),
                point.windowBegin(),
                LOST,
                point.frameEntries(),
                point.wallTimeNs(),
                point.captureTimeNs(),
                point.kind(),
                point.endOfResync(),
                point.timeUncertain(),
                point.label(),
                point.volumes(),
                point.complete());
        return new ViewRecord(id, machineIdHigh, machineIdLow, purpose, createdNs, lost, volumes);
    }

    void store(final RecordFile file, final Path directory) {
        final ViewEncoder encoder = new ViewEncoder();
        encoder.wrapAndApplyHeader(file.body(), 0, new MessageHeaderEncoder())
                .machineIdHigh(machineIdHigh)
                .machineIdLow(machineIdLow)
                .createdNs(createdNs)
                .sequence(point.sequence())
                .windowBegin(point.windowBegin())
                .position(point.position())
                .frameEntries(point.frameEntries())
                .wallTimeNs(point.wallTimeNs())
                .captureTimeNs(point.captureTimeNs())
                .pointKind(point.kind().value())
                .endOfResync(bit(point.endOfResync()))
                .timeUncertain(bit(point.timeUncertain()))
                .complete(bit(point.complete()))
                .purpose(purpose);
        final ViewEncoder.VolumesEncoder group = encoder.volumesCount(volumes.size());
        for (final Volume volume : volumes) {
            group.next()
                    .uuidHigh(volume.at.uuid().getMostSignificantBits())
                    .uuidLow(volume.at.uuid().getLeastSignificantBits())
                    .number(volume.at.number())
                    .sizeBytes(volume.at.sizeBytes())
                    .volumeName(volume.name);
        }
        encoder.label(point.label());
        file.store(directory.resolve(NAME), MessageHeaderEncoder.ENCODED_LENGTH + encoder.encodedLength());
    }

    private static short bit(final boolean value) {
        return (short) (value ? 1 : 0);
    }

    /**
     * The record in this directory, or null when there is none.
     *
     * @throws FarshoreException STORAGE when it is damaged or makes no sense.
     */
    static ViewRecord load(final RecordFile file, final Path directory) {
        final Path path = directory.resolve(NAME);
        final int length = file.load(path);
        if (length < 0) {
            return null;
        }
        try {
            return decode(
                    new UnsafeBuffer(file.body(), 0, length),
                    directory.getFileName().toString());
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw new FarshoreException(ExitCode.STORAGE, path + " is no view: " + e.getMessage(), e);
        }
    }

    private static ViewRecord decode(final UnsafeBuffer buffer, final String id) {
        final MessageHeaderDecoder header = new MessageHeaderDecoder().wrap(buffer, 0);
        if (header.schemaId() != ViewDecoder.SCHEMA_ID || header.templateId() != ViewDecoder.TEMPLATE_ID) {
            throw new IllegalArgumentException("template " + header.templateId() + " of schema " + header.schemaId());
        }
        final ViewDecoder decoder = new ViewDecoder()
                .wrap(buffer, MessageHeaderDecoder.ENCODED_LENGTH, header.blockLength(), header.version());
        final List<Volume> volumes = new ArrayList<>();
        for (final ViewDecoder.VolumesDecoder volume : decoder.volumes()) {
            final RecoveryPoint.PointVolume at = new RecoveryPoint.PointVolume(
                    new UUID(volume.uuidHigh(), volume.uuidLow()), volume.number(), volume.sizeBytes());
            volumes.add(new Volume(volume.volumeName(), at));
        }
        check(volumes);
        check(decoder.purpose() != ViewPurpose.NULL_VAL, "no purpose");
        return new ViewRecord(
                id,
                decoder.machineIdHigh(),
                decoder.machineIdLow(),
                decoder.purpose(),
                decoder.createdNs(),
                point(decoder, volumes),
                volumes);
    }

    /** True for the name of a view's directory. */
    static boolean isId(final String text) {
        return ID.matcher(text).matches();
    }

    private static void check(final List<Volume> volumes) {
        if (volumes.isEmpty() || volumes.size() > VOLUMES_MAX) {
            throw new IllegalArgumentException(volumes.size() + " volumes");
        }
        for (final Volume volume : volumes) {
            if (!VolumeTable.mayBePath(volume.name) || volume.at.sizeBytes() <= 0) {
                throw new IllegalArgumentException(
                        "volume '" + volume.name + "' of " + volume.at.sizeBytes() + " bytes");
            }
        }
    }

    private static void check(final boolean isPossible, final String complaint) {
        if (!isPossible) {
            throw new IllegalArgumentException(complaint);
        }
    }

    private static RecoveryPoint point(final ViewDecoder decoder, final List<Volume> volumes) {
        final BarrierKind kind = BarrierKind.get(decoder.pointKind());
        final String label = decoder.label();
        check(kind != BarrierKind.NULL_VAL, "no kind of point");
        check(label.chars().allMatch(one -> one < 0x80), "a label of strange characters");
        return new RecoveryPoint(
                decoder.sequence(),
                decoder.windowBegin(),
                decoder.position(),
                decoder.frameEntries(),
                decoder.wallTimeNs(),
                decoder.captureTimeNs(),
                kind,
                decoder.endOfResync() != 0,
                decoder.timeUncertain() != 0,
                label,
                volumes.stream().map(Volume::at).toList(),
                decoder.complete() != 0);
    }
}

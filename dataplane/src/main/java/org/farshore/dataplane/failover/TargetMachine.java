package org.farshore.dataplane.failover;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.farshore.dataplane.recover.RecoveryPoint;
import org.farshore.dataplane.recover.RecoveryView;
import org.farshore.dataplane.recover.StreamHistory;
import org.farshore.dataplane.recover.ViewException;
import org.farshore.dataplane.recover.ViewLeases;
import org.farshore.dataplane.retire.ApplyAgent;
import org.farshore.dataplane.retire.ReplicaVolume;
import org.farshore.dataplane.retire.StreamFence;
import org.farshore.dataplane.retire.TargetStream;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.ExitCode;
import org.farshore.dataplane.runtime.FarshoreException;

/**
 * A stream of the master target as failover sees it.
 *
 * <p><b>Emptying</b> (H4): versions of the generation that ended are newer than anything that the next one writes first, so
 * none of them may be found any more. Versions are let go by whole segments; so the new generation begins one. First
 * everything up to the journal's end is given up, which also makes room for that segment, then the segment is begun, and
 * then everything below it is given up.
 */
public final class TargetMachine implements MachineStream {
    private final TargetStream stream;
    private final ApplyAgent applyAgent;
    private final BlockFiles files;
    private EmptyStep emptyStep = EmptyStep.GIVE_UP;
    private ApplyAgent.BeginAnew request;

    private enum EmptyStep {
        GIVE_UP,
        BEGIN_SEGMENT,
        FOLLOW,
        GIVE_UP_BELOW,
        DONE
    }

    public TargetMachine(final TargetStream stream, final ApplyAgent applyAgent, final BlockFiles files) {
        this.stream = stream;
        this.applyAgent = applyAgent;
        this.files = files;
    }

    /** The stream's past; null when its window was 0 at the start. */
    public StreamHistory history() {
        return stream.history();
    }

    /** The stream. */
    public TargetStream target() {
        return stream;
    }

    @Override
    public long machineIdHigh() {
        return stream.machineIdHigh();
    }

    @Override
    public long machineIdLow() {
        return stream.machineIdLow();
    }

    @Override
    public String machine() {
        return stream.machine();
    }

    @Override
    public StreamFence fence() {
        return stream.fence();
    }

    @Override
    public Map<UUID, String> volumeNames() {
        final Map<UUID, String> names = new HashMap<>();
        stream.apply().replicas().forEach((uuid, replica) -> names.put(uuid, replica.name()));
        return names;
    }

    @Override
    public Path replica(final UUID volume) throws IOException {
        final ReplicaVolume replica = stream.apply().replicas().get(volume);
        if (replica == null) {
            throw new IOException("volume " + volume + " of machine " + machine() + " has no replica volume here"
                    + (stream.refusal() == null ? "" : ": " + stream.refusal()));
        }
        return replica.path();
    }

    @Override
    public boolean isLost(final RecoveryPoint point) {
        return stream.history() != null && stream.history().volumes().isLost(point);
    }

    @Override
    public RecoveryView openView(final RecoveryPoint point, final UUID volume, final Path overlay)
            throws ViewException {
        if (stream.history() == null) {
            throw new FarshoreException(
                    ExitCode.NO, "the retention window of machine " + machine() + " is 0: no point is kept");
        }
        return stream.history().volumes().openView(point, volume, overlay);
    }

    @Override
    public BlockFile openBase(final UUID volume, final long sizeBytes) throws IOException {
        final BlockFile file = files.open(replica(volume), BlockFiles.Mode.WRITE);
        try {
            file.forgetCached();
            if (file.length() < sizeBytes) {
                file.setLength(sizeBytes);
            }
            return file;
        } catch (final IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    public boolean raiseFloor(final long position) {
        return stream.history() == null || stream.history().leases().raiseFloor(position) >= position;
    }

    @Override
    public List<String> holders() {
        return stream.history() == null
                ? List.of()
                : stream.history().leases().held().stream()
                        .map(ViewLeases.Lease::holder)
                        .toList();
    }

    @Override
    public void haltRetire(final boolean halt) {
        stream.apply().halt(halt);
    }

    @Override
    public boolean isRetireHalted() {
        return stream.refusal() != null || stream.apply().isHalted();
    }

    @Override
    public boolean isEmptied() {
        switch (emptyStep) {
            case GIVE_UP -> {
                if (stream.fence().isObeyed() && isGivenUp(-1)) {
                    final StreamFence.Rule rule = stream.fence().rule();
                    stream.fence()
                            .set(new StreamFence.Rule(rule.generation(), rule.acceptFrom(), rule.refusal(), true));
                    emptyStep = EmptyStep.BEGIN_SEGMENT;
                }
            }
            case BEGIN_SEGMENT -> emptyStep = stream.fence().isObeyed() ? EmptyStep.FOLLOW : emptyStep;
            case FOLLOW -> emptyStep = isFollowed() ? EmptyStep.GIVE_UP_BELOW : emptyStep;
            case GIVE_UP_BELOW ->
                emptyStep = isGivenUp(stream.fence().held().beginPosition()) ? EmptyStep.DONE : emptyStep;
            default -> {
                // The next commit of this machine finds versions of another generation.
                emptyStep = EmptyStep.GIVE_UP;
                return true;
            }
        }
        return false;
    }

    private boolean isFollowed() {
        return stream.history() == null
                || stream.history().isIndexed(stream.fence().held().beginPosition());
    }

    private boolean isGivenUp(final long position) {
        if (request == null) {
            final ApplyAgent.BeginAnew next = new ApplyAgent.BeginAnew(stream, position);
            request = applyAgent.offer(next) ? next : null;
            return false;
        }
        if (!request.isDone()) {
            return false;
        }
        final String refusal = request.refusal();
        request = null;
        if (refusal != null && stream.apply().isHalted()) {
            throw new FarshoreException(ExitCode.STORAGE, "cannot empty the journal: " + refusal);
        }
        return refusal == null;
    }
}

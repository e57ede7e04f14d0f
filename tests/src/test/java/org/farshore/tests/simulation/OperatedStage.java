package org.farshore.tests.simulation;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.farshore.dataplane.runtime.BlockFile;
import org.farshore.dataplane.runtime.BlockFiles;
import org.farshore.dataplane.runtime.SimulatedDisk;

/** A {@link World} as the play within it sees it. */
final class OperatedStage implements FailoverPlay.Stage {
    private static final long MS_NS = 1_000_000L;
    private static final long NEVER_NS = Long.MAX_VALUE / 4;

    private final World world;
    private final SourceMachine source;
    private final Promises promises;
    private final PastOracle past;
    private final SimulatedDisk disk;
    private final TargetDisk targetDisk;
    private final Dice dice;

    OperatedStage(
            final World world,
            final SourceMachine source,
            final Promises promises,
            final PastOracle past,
            final SimulatedDisk disk,
            final TargetDisk targetDisk,
            final Dice dice) {
        this.world = world;
        this.source = source;
        this.promises = promises;
        this.past = past;
        this.disk = disk;
        this.targetDisk = targetDisk;
        this.dice = dice;
    }

    @Override
    public byte[] contentAt(final long sequence, final int volume) {
        return sequence == promises.durable() ? promises.copy(volume) : past.contentAt(sequence, volume);
    }

    @Override
    public boolean mayMiss() {
        return past.isMissingAllowed();
    }

    @Override
    public void letGo() {
        past.closeViews();
    }

    @Override
    public void givePointsUp() {
        past.givePointsUp();
    }

    @Override
    public void stopSource() {
        world.stop(Node.AGENT, "the machine is lost", NEVER_NS);
    }

    @Override
    public void startSource() {
        world.node(Node.AGENT).startsAtNs(0);
    }

    @Override
    public void beginGeneration(final long endSequence) {
        source.losePower();
        final Map<Integer, byte[]> replicas = new HashMap<>();
        for (int volume = 0; volume < source.volumes(); volume++) {
            replicas.put(volume, replica(volume));
        }
        promises.beginAnew(endSequence, replicas);
        past.givePointsUp();
        startSource();
    }

    @Override
    public void restartTarget() {
        world.stop(Node.TARGET, "stopped by its operator", 50 * MS_NS);
    }

    @Override
    public byte[] replica(final int volume) {
        final Path path =
                RoleLife.DATA.resolve(RoleLife.MACHINE).resolve("v" + volume).resolve("replica.img");
        if (!disk.exists(path)) {
            return new byte[0];
        }
        try (BlockFile file = disk.open(path, BlockFiles.Mode.READ)) {
            final byte[] bytes = new byte[(int) file.length()];
            file.read(ByteBuffer.wrap(bytes), 0);
            return bytes;
        } catch (final IOException e) {
            throw new Violation("I1", "the replica of volume " + volume + " cannot be read: " + e, e);
        }
    }

    @Override
    public void harmTarget() {
        switch (dice.below(6)) {
            case 0, 1 -> targetDisk.failChange(1 + dice.below(8));
            case 2, 3 -> targetDisk.cutPowerAt(1 + dice.below(16), dice.skewed(MS_NS, 200 * MS_NS));
            case 4 -> {
                final Node target = world.node(Node.TARGET);
                target.downNs(dice.skewed(MS_NS, 200 * MS_NS));
                target.killAtNextEffect(1 + dice.below(16));
            }
            default -> targetDisk.beFull(dice.below(96) << 10, world.nowNs() + dice.skewed(MS_NS, 500 * MS_NS));
        }
    }

    @Override
    public TargetDisk disk() {
        return targetDisk;
    }
}

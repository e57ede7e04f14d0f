package org.farshore.dataplane.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.farshore.dataplane.runtime.SimulatedDisk.Survival;
import org.farshore.dataplane.ship.MessageWriter.Extent;
import org.junit.jupiter.api.Test;

class VersionIndexTest {
    private static final long MIB = 1 << 20;

    private final IndexRig rig = new IndexRig(11).open().connect();

    private long moment(final long position) {
        return rig.reader.momentBefore(position);
    }

    private double stepsOf(final Runnable lookup) {
        final long before = rig.reader.steps();
        lookup.run();
        return rig.reader.steps() - before;
    }

    /** So many versions of one block in frames of 160, each a write of nothing but zeros. */
    private List<Long> rewrite(final int versions, final long offset, final int length) {
        final List<Long> positions = new ArrayList<>();
        for (int done = 0; done < versions; done += 160) {
            final List<Extent> extents = new ArrayList<>();
            for (int i = 0; i < Math.min(160, versions - done); i++) {
                extents.add(IndexRig.zero(1, offset, length));
            }
            positions.add(rig.send(extents));
            if (positions.size() % 32 == 0) {
                rig.follow();
            }
        }
        rig.events.clear();
        rig.follow();
        return positions;
    }

    @Test
    void eachMomentHasItsOwnVersionOfABlock() {
        final long before = rig.barrier();
        final long first = rig.send(IndexRig.write(1, 8192, 4096));
        final long second = rig.send(IndexRig.write(1, 8192, 4096));
        final long after = rig.barrier();
        rig.follow();
        for (final long position : List.of(before, first, second, after)) {
            rig.check(1, 0, 65_536, position);
        }
        assertThat(rig.reader.versionAt(1, 2, moment(first))).isEqualTo(VersionIds.NONE);
        assertThat(rig.reader.versionAt(1, 2, moment(second))).isPositive();
        assertThat(rig.reader.versionAt(1, 2, moment(after))).isEqualTo(rig.reader.newestMoment());
        assertThat(rig.index.liveVersions()).isEqualTo(2);
        assertThat(rig.index.liveBytes()).isEqualTo(8192);
    }

    @Test
    void everyWriteOfABatchCanBeAMoment() {
        final long position =
                rig.send(IndexRig.write(1, 0, 4096), IndexRig.zero(1, 0, 512), IndexRig.write(1, 512, 1024));
        rig.follow();
        for (int extents = 0; extents <= 3; extents++) {
            rig.check(1, 0, 4096, position, extents);
        }
    }

    @Test
    void partsOfABlockAreComposedOfThoseThatWroteThem() {
        rig.send(IndexRig.write(1, 4096, 4096));
        for (int sector = 0; sector < 8; sector++) {
            rig.send(IndexRig.write(1, 4096 + sector * 512L, 512 * (1 + sector % 3)));
            rig.send(IndexRig.zero(1, 8192 - 512, 512));
        }
        final long end = rig.barrier();
        rig.follow();
        rig.cuts.forEach(cut -> rig.check(1, 0, 16_384, cut));
        assertThat(stepsOf(() -> rig.actual(1, 4096, 4096, moment(end)))).isLessThanOrEqualTo(3 + 2 * 8);
    }

    @Test
    void oneSectorHammeredOverAnOldWriteOfAnotherIsStillFoundInAFewSteps() {
        final long old = rig.send(IndexRig.write(1, 4096 + 3584, 512));
        rewrite(100_000, 4096, 512);
        final long now = rig.barrier();
        rig.follow();
        final double steps = stepsOf(() -> {
            final List<IndexRig.Source> sources = rig.actual(1, 4096, 4096, moment(now));
            assertThat(sources.get(0)).isEqualTo(IndexRig.Source.ZERO);
            assertThat(sources.get(7)).isEqualTo(new IndexRig.Source(old, 0));
        });
        assertThat(steps).isLessThanOrEqualTo(3 + 2 * 8);
    }

    @Test
    void millionRewritesOfOneBlockCostLogarithmicSteps() {
        boundedSteps(1_000_000, 4096);
    }

    @Test
    void millionRewritesOfOneSectorCostLogarithmicSteps() {
        boundedSteps(1_000_000, 512);
    }

    private void boundedSteps(final int versions, final int length) {
        rig.pagesPerFile = VersionIds.PAGES_PER_FILE_MAX;
        rig.segments = 256;
        rig.stop(Survival.ALL);
        rig.open().connect();
        final List<Long> positions = rewrite(versions, 4096, length);
        rig.barrier();
        rig.follow();
        final double bound = 3 * Math.log(versions) / Math.log(2) + 8;
        double worst = 0;
        for (int i = 0; i < positions.size(); i += 7) {
            final long at = moment(positions.get(i));
            worst = Math.max(worst, stepsOf(() -> rig.reader.versionAt(1, 1, at)));
            assertThat(rig.reader.versionAt(1, 1, at)).isEqualTo(i == 0 ? VersionIds.NONE : at);
        }
        System.out.printf("%,d rewrites of %d bytes: at most %.0f steps of %.0f%n", versions, length, worst, bound);
        assertThat(worst).isLessThanOrEqualTo(bound);
    }

    @Test
    void discardOfOneTebibyteIsAFewVersions() {
        rig.send(IndexRig.write(1, 5 * MIB, 4096));
        final long before = rig.send(IndexRig.discard(1, 0, MIB << 20));
        final long after = rig.send(IndexRig.write(1, 7 * MIB + 4096, 8192));
        final long end = rig.barrier();
        rig.follow();
        assertThat(rig.index.liveVersions()).isEqualTo(1 + 4 + 2);
        for (final long position : List.of(before, after, end)) {
            rig.check(1, 4 * MIB, (int) (4 * MIB), position);
        }
        rig.check(1, (MIB << 20) - 8192, 8192, end);
        rig.check(1, MIB << 20, 8192, end);
        assertThat(rig.index.memoryBytes() - 3L * rig.pagesPerFile * 4096).isLessThan(16 << 10);
    }

    @Test
    void raggedEndsOfALargeZeroAreBlockVersions() {
        rig.send(IndexRig.write(1, 0, 8192));
        rig.send(IndexRig.zero(1, 512, 3 * MIB + 4096));
        rig.send(IndexRig.write(1, 2 * MIB + 512, 1024));
        rig.send(IndexRig.discard(1, MIB - 4096, MIB));
        rig.send(IndexRig.discard(1, MIB, MIB));
        rig.barrier();
        rig.follow();
        rig.cuts.forEach(cut -> rig.check(1, 0, (int) (4 * MIB), cut));
    }

    @Test
    void recordsBehindTheNewestEndAreVoidWhenTheConnectionEnds() {
        rig.send(IndexRig.write(1, 0, 4096), Extent.open(1, 4096, new byte[4096]));
        rig.follow();
        rig.connect();
        rig.send(IndexRig.write(1, 8192, 4096));
        final long end = rig.barrier();
        rig.follow();
        rig.check(1, 0, 16_384, end);
        assertThat(rig.index.liveVersions()).isEqualTo(2);
    }

    @Test
    void recordsBehindTheNewestEndCountWhenTheirEndComes() {
        rig.send(IndexRig.write(1, 0, 4096), Extent.open(1, 4096, new byte[4096]));
        rig.follow();
        assertThat(rig.index.liveVersions()).isEqualTo(1);
        rig.send(Extent.open(1, 12_288, new byte[512]));
        rig.follow();
        rig.send(IndexRig.write(1, 8192, 4096));
        final long end = rig.barrier();
        rig.follow();
        rig.check(1, 0, 16_384, end);
        assertThat(rig.index.liveVersions()).isEqualTo(4);
    }

    @Test
    void openWriteThatTheHorizonCutsInTwoKeepsItsUpperHalf() {
        for (int i = 0; i < 8; i++) {
            rig.send(Extent.open(1, 65_536L * i, new byte[57_344]));
        }
        rig.follow();
        rig.raiseHorizon(2);
        rig.send(IndexRig.write(1, 4096, 4096));
        final long end = rig.barrierAndFollow();
        rig.check(1, 0, 1 << 20, end);
        assertThat(rig.index.liveVersions()).isGreaterThan(14);
    }

    @Test
    void versionsOfARemovedVolumeAreNotThoseOfTheNextOneWithItsNumber() {
        rig.send(IndexRig.write(1, 0, 8192), IndexRig.zero(1, MIB, 4 * MIB));
        final long removed = rig.removed(1);
        rig.send(IndexRig.write(1, 512, 512));
        final long end = rig.barrier();
        rig.follow();
        rig.check(1, 0, (int) (2 * MIB), removed);
        rig.check(1, 0, (int) (2 * MIB), end);
    }

    @Test
    void momentsBelowTheHorizonAndBehindTheIndexAreRefused() {
        final long first = rig.send(IndexRig.write(1, 0, 4096));
        rig.follow();
        final long old = moment(first);
        for (int i = 0; i < 12; i++) {
            rig.send(IndexRig.write(1, 4096L * i, 57_344));
        }
        final long end = rig.barrier();
        rig.follow();
        rig.raiseHorizon(2);
        assertThatThrownBy(() -> rig.reader.versionAt(1, 0, old)).isInstanceOf(MomentException.class);
        assertThatThrownBy(() -> moment(first)).isInstanceOf(MomentException.class);
        assertThatThrownBy(() -> moment(end + 1_000_000)).isInstanceOf(MomentException.class);
        rig.check(1, 0, 65_536, end);
    }

    @Test
    void filesBelowTheHorizonAreDroppedAndReused() {
        long end = 0;
        for (int i = 0; i < 60; i++) {
            rewriteOnce(i);
            end = rig.barrier();
            rig.follow();
            rig.raiseHorizon(end / IndexRig.SEGMENT_LENGTH);
            rig.checkpoint();
            rig.follow();
        }
        assertThat(versionFiles()).hasSizeLessThanOrEqualTo(4);
        assertThat(rig.index.liveVersions()).isLessThan(4 * 160 * 15);
        rig.check(1, 0, 1 << 20, end);
    }

    private void rewriteOnce(final int salt) {
        final List<Extent> extents = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            extents.add(IndexRig.zero(1, 4096L * ((i * 37L + salt) % 256), 4096 * (1 + i % 7)));
        }
        rig.send(extents);
        for (int i = 0; i < 3; i++) {
            rig.send(IndexRig.write(1, 8192L * i, 57_344));
        }
    }

    private List<String> versionFiles() {
        final List<String> names = new ArrayList<>(rig.disk.list(IndexRig.INDEX));
        names.removeIf(name -> VersionFile.numberOf(name) < 0);
        return names;
    }

    @Test
    void replayAfterAPowerCutLinksNoVersionToItself() {
        final long start = rig.send(IndexRig.write(1, 0, 4096));
        rig.follow().checkpoint();
        rig.send(IndexRig.write(1, 0, 4096));
        rig.send(IndexRig.write(1, 0, 4096));
        final long end = rig.barrier();
        rig.follow();
        rig.stop(Survival.NONE);
        rig.open().follow();
        rig.check(1, 0, 8192, end);
        assertThat(stepsOf(() -> rig.reader.versionAt(1, 0, moment(start)))).isLessThanOrEqualTo(3);
        assertThat(rig.index.liveVersions()).isEqualTo(3);
    }

    @Test
    void versionsAreNeverOlderThanTheirCheckpointNorTakenTwice() {
        for (int i = 0; i < 40; i++) {
            rewriteOnce(i);
            rig.follow();
            if (i % 3 == 0) {
                rig.checkpoint();
            }
            final long before = rig.index.liveVersions();
            final long newest = rig.reader.newestMoment();
            rig.stop(i % 2 == 0 ? Survival.NONE : Survival.ALL);
            rig.open().follow();
            assertThat(rig.index.liveVersions()).isEqualTo(before);
            assertThat(rig.reader.newestMoment()).isEqualTo(newest);
            rig.connect();
        }
        rig.check(1, 0, 1 << 20, rig.barrierAndFollow());
    }

    private long fillAndRot(final int page, final long position) {
        for (int i = 0; i < 40; i++) {
            rewriteOnce(i);
            rig.follow();
        }
        rig.checkpoint();
        final long before = moment(rig.cuts.get(5));
        rig.disk.flip(IndexRig.INDEX.resolve(versionFiles().get(0)), page * 4096L + position, 1);
        final VersionReader fresh = rig.index.newReader();
        assertThatThrownBy(() -> {
                    for (final long cut : rig.cuts) {
                        fresh.momentBefore(cut);
                        fresh.momentBefore(cut, 50);
                        fresh.momentBefore(cut, 99);
                    }
                })
                .isInstanceOf(IndexDamageException.class);
        rig.follow();
        assertThat(rig.index.rebuildCount()).isEqualTo(1);
        rig.cuts.forEach(cut -> rig.check(1, 0, 1 << 20, cut));
        return before;
    }

    @Test
    void rottenPageFoundByAReaderIsMadeAgainFromTheJournalAndMomentsStay() {
        final long before = fillAndRot(1, 100);
        assertThat(moment(rig.cuts.get(5))).isEqualTo(before);
    }

    @Test
    void momentsAreRefusedAndNotMisunderstoodWhenEverythingWasMadeAgain() {
        final long before = fillAndRot(0, 100);
        assertThatThrownBy(() -> rig.reader.versionAt(1, 0, before)).isInstanceOf(MomentException.class);
    }

    @Test
    void damagedJournalIsReportedAndRememberedAndNotIndexed() {
        rig.send(IndexRig.write(1, 0, 4096));
        rig.settle();
        final long rotten = rig.send(IndexRig.write(1, 4096, 4096));
        rig.settle();
        rig.send(IndexRig.write(1, 8192, 4096));
        rig.barrierAndSettle();
        rig.disk.flip(IndexRig.JOURNAL.resolve("segment-00000"), rotten - IndexRig.SEGMENT_LENGTH + 200, 4);
        rig.follow();
        assertThat(rig.index.lostJournal()).hasSize(1);
        assertThat(rig.index.lostJournal().get(0).from()).isEqualTo(rotten);
        rig.events.removeIf(event -> event.position() == rotten);
        final long end = rig.barrierAndFollow();
        rig.check(1, 0, 16_384, end);
        rig.checkpoint();
        final List<LostJournal> lost = rig.index.lostJournal();
        rig.stop(Survival.ALL);
        rig.open().follow();
        assertThat(rig.index.lostJournal()).isEqualTo(lost);
    }

    @Test
    void diskWithoutRoomHoldsTheIndexBackAndNotTheJournal() {
        rig.pagesPerFile = VersionIds.PAGES_PER_FILE_MAX;
        rig.stop(Survival.ALL);
        rig.open().connect();
        rig.barrierAndFollow();
        for (int i = 0; i < 14; i++) {
            rig.send(Collections.nCopies(160, IndexRig.zero(1, 4096L * i, MIB - 4096)));
            rig.settle();
        }
        while (rig.index.liveVersions() == 0) {
            rig.index.doWork(rig.clocks.nanoTime());
        }
        rig.disk.capacity(used());
        for (int i = 0; i < 100; i++) {
            rig.clocks.advance(20_000_000_000L);
            rig.index.doWork(rig.clocks.nanoTime());
        }
        assertThat(rig.index.indexedPosition())
                .isLessThan(rig.journal.committer().durablePosition());
        rig.disk.capacity(Long.MAX_VALUE);
        rig.clocks.advance(20_000_000_000L);
        rig.check(1, 0, (int) (2 * MIB), rig.barrierAndFollow());
        assertThat(rig.index.liveVersions()).isEqualTo(14 * 160 * 255);
    }

    private long used() {
        long used = 0;
        for (final Path directory : List.of(IndexRig.INDEX, IndexRig.JOURNAL, IndexRig.STREAM)) {
            for (final String name : rig.disk.list(directory)) {
                final Path path = directory.resolve(name);
                used += path.equals(IndexRig.INDEX) || path.equals(IndexRig.JOURNAL) ? 0 : rig.disk.lengthOf(path);
            }
        }
        return used;
    }

    @Test
    void progressTellsRateAndEnd() {
        for (int i = 0; i < 10; i++) {
            rewriteOnce(i);
        }
        rig.follow().checkpoint();
        rig.stop(Survival.ALL);
        rig.open();
        assertThat(rig.index.isReady()).isFalse();
        assertThatThrownBy(() -> rig.reader.versionAt(1, 0, 1)).isInstanceOf(MomentException.class);
        rig.follow();
        assertThat(rig.index.isReady()).isTrue();
        assertThat(rig.index.progress().phase()).isEqualTo(IndexProgress.Phase.FOLLOWING);
        assertThat(rig.index.progress().totalBytes())
                .isGreaterThanOrEqualTo(rig.index.progress().doneBytes());
    }
}

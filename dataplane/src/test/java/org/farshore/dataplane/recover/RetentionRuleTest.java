package org.farshore.dataplane.recover;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Positions are sequences times 100; times in seconds. */
class RetentionRuleTest {
    private static final long S = 1_000_000_000L;
    private static final long WINDOW = 10 * S;
    private static final long WALL = 1_700_000_000L * S;

    private final Catalogue catalogue = new Catalogue();
    private final RetentionRule rule = new RetentionRule(catalogue);

    private void volume(final int slot) {
        catalogue.take(CatalogueEntry.volume(slot, slot, 1, 100, slot, slot, 4096, 2, false));
    }

    private void point(final long sequence, final long seconds, final long ordered) {
        point(sequence, seconds, seconds, ordered);
    }

    private void point(final long sequence, final long monotonic, final long wall, final long ordered) {
        catalogue.take(CatalogueEntry.point(
                0, sequence, sequence * 100, WALL + wall * S, monotonic * S, ordered, sequence, catalogue.known(), ""));
    }

    private long retire() {
        return rule.retirePosition(WINDOW, 0, 0);
    }

    @Test
    void nothingIsInTheWayWhereThereIsNoPoint() {
        volume(0);
        assertThat(retire()).isEqualTo(RetentionRule.EVERYTHING);
    }

    @Test
    void newestPointThatIsOldEnoughIsTheTarget() {
        volume(0);
        for (int i = 0; i <= 30; i++) {
            point(10 + i, i, 1);
        }
        assertThat(retire()).isEqualTo((10 + 20) * 100);
    }

    @Test
    void newestPointStaysHoweverOld() {
        volume(0);
        point(10, 0, 1);
        assertThat(rule.retirePosition(WINDOW, 0, 100 * S)).isEqualTo(1000);
    }

    @Test
    void nothingIsOldEnoughYet() {
        volume(0);
        point(10, 0, 1);
        point(11, 9, 1);
        assertThat(rule.retirePosition(WINDOW, 500, 0)).isEqualTo(500);
    }

    @Test
    void aVolumeOutOfOrderKeepsTheLastPointThatNamesIt() {
        volume(0);
        volume(1);
        point(10, 0, 3);
        for (int i = 1; i <= 30; i++) {
            point(10 + i, i, 1);
        }
        assertThat(retire()).isEqualTo(1000);
        point(50, 31, 3);
        assertThat(retire()).isEqualTo((10 + 21) * 100);
    }

    @Test
    void aVolumeThatNeverHadAPointKeepsNothing() {
        volume(0);
        volume(1);
        for (int i = 0; i <= 30; i++) {
            point(10 + i, i, 1);
        }
        assertThat(retire()).isEqualTo((10 + 20) * 100);
    }

    @Test
    void aVolumeThatLeftKeepsItsPointsForTheWindow() {
        volume(0);
        volume(1);
        point(10, 0, 1);
        point(11, 5, 1);
        catalogue.take(CatalogueEntry.volume(0, 0, 12, 1200, 0, 0, 4096, 2, true));
        assertThat(rule.retirePosition(WINDOW, 500, 0))
                .as("while no other volume has a point")
                .isEqualTo(500);
        point(13, 12, 2);
        assertThat(retire()).isEqualTo(1000);
        point(14, 23, 2);
        assertThat(retire())
                .as("the newest state of what is there stays, no other")
                .isEqualTo(1300);
    }

    @Test
    void aWallClockThatJumpsAgesNothing() {
        volume(0);
        point(10, 0, 0, 1);
        point(11, 1, 86_400, 1);
        point(12, 2, -86_400, 1);
        assertThat(retire()).isZero();
    }

    @Test
    void overARestartOfTheMachineTheWallClockCounts() {
        volume(0);
        point(10, 5_000, 0, 1);
        point(11, 3, 11, 1);
        assertThat(retire()).isEqualTo(1000);
    }

    @Test
    void timeHereCountsWhileTheSenderIsHeldBack() {
        volume(0);
        point(10, 0, 1);
        point(11, 4, 1);
        point(12, 8, 1);
        assertThat(rule.retirePosition(WINDOW, 0, 5 * S)).isEqualTo(1000);
        assertThat(rule.retirePosition(WINDOW, 0, 6 * S)).isEqualTo(1100);
    }

    @Test
    void withdrawnPointsKeepNothing() {
        volume(0);
        point(10, 0, 1);
        point(11, 20, 1);
        point(12, 40, 1);
        catalogue.take(CatalogueEntry.withdrawn(12, 1200, 1050, 1250));
        assertThat(retire()).isEqualTo(1000);
    }
}

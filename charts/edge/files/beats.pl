#!/usr/bin/perl
# Who serves says so ten times a second, on a connection that stays (GET /health/beat on the port of the checks). Who falls silent while the
# others are heard is frozen, and who is late again and again is starved: HAProxy is told and gives it no more until it is heard regularly, and its
# connections are cut (cut.sh), so that HAProxy sends again elsewhere what it had been given. HAProxy's own checks, which may take their time,
# decide the rest; who is down by them has its connections cut too.
#
# On a busy machine all are late at once, and nobody is judged then, nor who comes back a moment after the others; nor when this process was late
# itself. How long a silence may be goes by how late the others' beats have just been: with time enough they are hardly ever, and a verdict that is
# wrong costs the most where there is none, for the requests that are sent again come on top. Nobody is taken away where fewer would be left than
# are away.
#
# Where most fall silent at the same moment and the rest do not, this machine is cut off: those are the pods that it runs itself. HAProxy's checks of
# the machines elsewhere would say so a second later; they are told that they fail, and have the last word when they pass.
#
# In the environment: BEATS, each backend with the port of its checks, as name:port; HAPROXY, the socket at which it takes commands; CUTS, the FIFO
# of who cuts connections, where there is one; ELSEWHERE, the backend of the machines elsewhere, where there is one.
use strict;
use warnings;
use Errno qw(EAGAIN EINTR);
use Fcntl qw(O_NONBLOCK O_WRONLY);
use IO::Socket::INET;
use IO::Socket::UNIX;
use List::Util qw(max min);
use Socket qw(MSG_NOSIGNAL);
use Time::HiRes qw(clock_gettime sleep CLOCK_MONOTONIC);

my %ports = map { /^(.+):(\d+)$/ ? ($1 => $2) : () } split ' ', $ENV{BEATS} // '';
my $elsewhere = $ENV{ELSEWHERE} // '';
my $cuts = $ENV{CUTS} // '';
my $haproxy = $ENV{HAPROXY} // die "HAPROXY is not set\n";

# Seconds.
my $silent = 0.3;      # three beats did not come, and none has been late
my $usual = 0.12;      # from one beat to the next, at most, where there is time enough
my $slack = 4;         # a silence may be longer by so many times what a beat of the others has just been late
my $tardy = 0.12;      # late by so much in $lately, all in all, where all others have been in time for $remember: each turn of it waits, ten for a request
my $tardier = 0.25;    # by so much, where most of the others have been in time in $lately
my $lately = 1.5;
my $in_time = 0.05;
my $remember = 3;      # for so long after it came
my $longest = 1.5;     # a silence, whatever has been late; HAProxy's checks will have found out by then
my $fresh = 0.15;      # heard just now; sooner than $silent by more than a beat, lest of those who fall silent at once one be judged before the rest
my $known = 1;         # for so long it must have been heard before its silence means anything
my $regular = 1.5;     # for so long it must be heard again, no later than the others, before it is given requests
my $again = 30;        # and for twice as long as the last time where that is not so long ago
my $gap = 0.25;        # later than that is too late, whatever the others are
my $tick = 0.04;
my $late = 0.1;        # a tick that comes so much late says that this process was away
my $unheard = 10;      # a server that has been up for so long is given requests, heard or not
my $listen_again = 0.5;
my $give_up = 3;       # a connection on which nothing has come for so long may lead nowhere
my $look_again = 0.5;
my $together = 0.2;    # who fell silent within so long of each other did so for one reason
my $cut_again = 10;    # one cut is told once
my $answer_limit = 2;
my $cut_limit = 0.4;   # what has not been cut by then HAProxy ends itself
my $forced_drain = 0x08;
my ($stopped, $running) = (0, 2);

my %servers;           # by backend/name: what is known of each server that has an address
my @waits;             # when, for how long and for which server something was waited for that came late
my %late;              # by how much each has been late lately, without the beat that it owes
my %late_before;       # and in all of the time that is remembered

# Who was to read what is written may be gone.
$SIG{PIPE} = 'IGNORE';

sub now { return clock_gettime(CLOCK_MONOTONIC) }

sub say_so { print STDERR "$_[0]\n" }

# What did not come for longer than the longest was not late, but away.
sub note_wait {
    my ($wait, $now, $name) = @_;
    push @waits, [$now, $wait, $name] if $wait > $usual && $wait < $longest;
}

# Of the others, by those that have been later than this part of them. A node that is starved has several who are late all the time, which is no excuse
# for any of them.
sub of_others {
    my ($server, $of, $part) = @_;
    my @others = sort { $a <=> $b } map { $of->{$_->{name}} // 0 } grep { $_ != $server && defined $_->{since} } values %servers;
    return $others[@others * $part] // 0;
}

# By how much a beat of the others, or a turn of this process, has just been late.
sub late_others {
    my ($server) = @_;
    my %latest;
    $latest{$_->[2]} = max($_->[1] - $usual, $latest{$_->[2]} // 0) for @waits;
    return max($latest{''} // 0, of_others($server, \%latest, 1 / 2));
}

sub sum_up_waits {
    my ($now) = @_;
    @waits = grep { $now - $_->[0] < $remember } @waits;
    %late = %late_before = ();
    $late{$_->[2]} += $_->[1] - $usual for grep { $now - $_->[0] < $lately } @waits;
    $late_before{$_->[2]} += $_->[1] - $usual for @waits;
}

# One command, or several with ; between them. Undefined where HAProxy does not answer.
sub command {
    my ($command) = @_;
    my $socket = IO::Socket::UNIX->new(Peer => $haproxy) or return;
    my $answer = '';
    my $done = eval {
        local $SIG{ALRM} = sub { die "late\n" };
        Time::HiRes::alarm($answer_limit);
        print {$socket} "$command\n";
        $socket->flush;
        while (sysread $socket, my $piece, 65536) { $answer .= $piece }
        1;
    };
    Time::HiRes::alarm(0);
    return $done ? $answer : undef;
}

# By backend/name: its address, whether it is up or down (it may finish what it has and be neither), and whether it is drained.
sub look {
    my $answer = command(join '; ', map { "show servers state $_" } sort keys %ports) // return;
    my %found;
    for (split /\n/, $answer) {
        my (undef, $backend, undef, $name, $address, $state, $admin) = split ' ';
        next unless defined $admin && $ports{$backend} && $address =~ /^[\d.]+$/ && $address ne '0.0.0.0';
        $found{"$backend/$name"} = {
            address => $address, up => $state == $running, down => $state == $stopped, drained => ($admin & $forced_drain) != 0,
        };
    }
    return \%found;
}

sub close_of {
    my ($server) = @_;
    close $server->{socket} if $server->{socket};
    delete $server->{socket};
}

# It goes in an orderly manner, or has never been heard: its silence means nothing.
sub forget {
    my ($server) = @_;
    close_of($server);
    delete $server->{since};
}

# Its connection has ended: it goes, or its whole machine has gone, which asking again at once tells apart. A machine that lives refuses or accepts;
# what is never answered has been silent since it was heard.
sub ask_again {
    my ($server, $now) = @_;
    close_of($server);
    $server->{try} = $now;
}

# HAProxy knows already that it is down.
sub end_connections {
    my ($server, $now) = @_;
    my $fifo;
    my $told = $cuts && sysopen($fifo, $cuts, O_WRONLY | O_NONBLOCK) && syswrite $fifo, "$server->{address}\n";
    $server->{end_at} = $told ? $now + $cut_limit : $now;
}

sub refresh {
    my $found = look() // return;
    my $now = now();
    for my $name (keys %servers) {
        next if $found->{$name} && $found->{$name}{address} eq $servers{$name}{address};
        close_of($servers{$name});
        command("set server $name state ready") if $servers{$name}{held};
        delete $servers{$name};
    }
    for my $name (keys %$found) {
        my ($backend) = $name =~ m{^(.+)/};
        my $server = $servers{$name} //= { name => $name, backend => $backend, address => $found->{$name}{address}, try => 0 };
        end_connections($server, $now) if $found->{$name}{down} && defined $server->{up} && !defined $server->{held};
        if (!$found->{$name}{up}) { delete $server->{up} }
        else { $server->{up} //= $now }
        # Drained before this process began; or no longer, since HAProxy began anew.
        if ($found->{$name}{drained}) { $server->{held} //= $now }
        elsif (defined $server->{held} && $now - $server->{held} > $look_again) { delete $server->{held} }
    }
}

sub listen_to {
    my ($server, $now) = @_;
    $server->{try} = $now + $listen_again;
    $server->{contact} = $now;
    my $socket = IO::Socket::INET->new(PeerAddr => $server->{address}, PeerPort => $ports{$server->{backend}}, Proto => 'tcp', Blocking => 0);
    $server->{socket} = $socket if $socket;
    delete @$server{qw(asked answered)};
}

sub hear {
    my ($server, $now) = @_;
    if (!$server->{asked}) {
        $server->{asked} = defined send $server->{socket}, "GET /health/beat HTTP/1.0\r\n\r\n", MSG_NOSIGNAL;
        forget($server) unless $server->{asked};
        return;
    }
    my $count = sysread $server->{socket}, my $piece, 4096;
    return if !defined $count && ($! == EAGAIN || $! == EINTR);
    return ask_again($server, $now) if !$count && $server->{answered};
    return forget($server) if !$count || (!$server->{answered} && $piece !~ m{^HTTP/1\.[01] 200 });
    $server->{answered} = 1;
    note_wait($now - $server->{heard}, $now, $server->{name}) if defined $server->{since};
    my $wait = defined $server->{heard} ? $now - $server->{heard} : $longest;
    $server->{paused} = $now - $wait if $wait > $silent;
    # Most beats are in time, and what the others are need not be looked at.
    $server->{regular} = $now if $wait > $usual && $wait > min($gap, $usual + late_others($server));
    $server->{heard} = $server->{contact} = $now;
    $server->{since} //= $now;
}

sub hear_all {
    my ($now) = @_;
    my ($readable, $writable) = ('', '');
    for my $server (values %servers) {
        forget($server) if $server->{socket} && $now - $server->{contact} > $give_up;
        listen_to($server, $now) if !$server->{socket} && $now >= $server->{try};
        next unless $server->{socket};
        vec($server->{asked} ? $readable : $writable, fileno $server->{socket}, 1) = 1;
    }
    return unless select $readable, $writable, undef, 0;
    for my $server (values %servers) {
        my $number = $server->{socket} ? fileno $server->{socket} : next;
        hear($server, $now) if vec($readable, $number, 1) || vec($writable, $number, 1);
    }
}

# On new connections: HAProxy keeps those it had, unless the server was in maintenance. On an old one to a server that was cut off requests wait for as
# long as the cut took: so late is sent again what was lost in it.
sub give_back {
    my ($server, $why) = @_;
    command("set server $server->{name} state maint; set server $server->{name} state ready") // return;
    delete $server->{held};
    say_so("$server->{name} is given requests again: $why");
}

sub is_fresh {
    my ($server, $now) = @_;
    return defined $server->{since} && $now - $server->{heard} < $fresh;
}

# Whether its silence means anything.
sub is_known {
    my ($server) = @_;
    return defined $server->{since} && $server->{heard} - $server->{since} > $known;
}

sub is_silent {
    my ($server, $now) = @_;
    my $for = is_known($server) ? $now - $server->{heard} : 0;
    return $for > $silent && $for > min($longest, $silent + $slack * late_others($server));
}

sub lateness {
    my ($server, $now, $of) = @_;
    return ($of->{$server->{name}} // 0) + max(0, $now - $server->{heard} - $usual);
}

# Whether this process has been in time, and the others but for the latest of them.
sub are_in_time {
    my ($server, $now, $of, $part) = @_;
    return 0 if ($of->{''} // 0) > $in_time;
    my %all = map { $_->{name} => lateness($_, $now, $of) } grep { defined $_->{since} } values %servers;
    return of_others($server, \%all, $part) < $in_time;
}

# Not where the others are late too: on full processors each is late alone for a moment, and what it had been given is not served sooner elsewhere.
sub is_starved {
    my ($server, $now) = @_;
    my $late = is_known($server) ? lateness($server, $now, \%late) : 0;
    return 0 if $late < $tardy;
    return are_in_time($server, $now, \%late_before, 3 / 4) || ($late >= $tardier && are_in_time($server, $now, \%late, 1 / 2));
}

sub take_away {
    my ($server, $now) = @_;
    my @others = grep { $_ != $server && $_->{backend} eq $server->{backend} } values %servers;
    my $away = 1 + grep { defined $_->{held} } @others;
    my $left = grep { !defined $_->{held} && is_fresh($_, $now) } @others;
    return if $left < $away || !$server->{up};
    my $recently = defined $server->{taken} && $now - $server->{taken} < $again;
    $server->{patience} = $recently ? min($unheard, 2 * $server->{patience}) : $regular;
    $server->{held} = $server->{taken} = $now;
    command("set server $server->{name} state drain; set server $server->{name} health down");
    end_connections($server, $now);
    my ($quiet, $late) = map { 1000 * $_ } $now - $server->{heard}, lateness($server, $now, \%late);
    say_so(sprintf '%s has been silent for %d ms, and late by %d ms lately: its requests go elsewhere', $server->{name}, $quiet, $late);
}

my $most_silent = -$silent; # when most were, last

my $cut_told = -$cut_again;

sub tell_cut_off {
    my ($now, $of) = @_;
    my @last = sort { $a <=> $b } map { $_->{heard} } grep { is_silent($_, $now) } @$of;
    return if @last < 2 || 3 * @last < 2 * @$of || $last[-1] - $last[0] > $together || $now - $cut_told < $cut_again;
    # Who fell silent with them, and is heard a moment before them, is no sign of it.
    return unless grep { is_fresh($_, $now) && abs($_->{paused} - $last[-1]) > $together } @$of;
    $cut_told = $now;
    my $state = command("show servers state $elsewhere") // return;
    my @voters = map { (split ' ')[3] } grep { /^\d+ \Q$elsewhere\E / } split /\n/, $state;
    command(join '; ', map { "set server $elsewhere/$_ health down" } @voters);
    say_so(sprintf '%d of %d were silent at once: this machine is cut off', scalar @last, scalar @$of);
}

sub judge {
    my ($now) = @_;
    my @listened = grep { defined $_->{since} } values %servers;
    my $fresh_ones = grep { is_fresh($_, $now) } @listened;
    $most_silent = $now if 2 * (grep { $now - $_->{heard} > $silent } @listened) > @listened;
    tell_cut_off($now, [grep { is_known($_) } @listened]) if $elsewhere;
    for my $server (values %servers) {
        if (defined $server->{end_at} && $now >= $server->{end_at}) {
            command("shutdown sessions server $server->{name}") if defined $server->{held} || !$server->{up};
            delete $server->{end_at};
        }
        if (defined $server->{held}) {
            # Out of maintenance it counts as up, whatever the checks found before.
            next unless $server->{up};
            if (is_fresh($server, $now) && $now - $server->{regular} > ($server->{patience} // $regular)) { give_back($server, 'it is heard') }
            elsif ($now - max($server->{held}, $server->{up}) > $unheard) { give_back($server, 'it is up') }
        } elsif ((is_silent($server, $now) || is_starved($server, $now)) && 2 * $fresh_ones >= @listened && $now - $most_silent > $silent) {
            take_away($server, $now);
        }
    }
}

my $look_at = 0;
while (1) {
    my $before = now();
    if ($before >= $look_at) {
        refresh();
        $look_at = now() + $look_again;
    }
    sleep $tick;
    my $now = now();
    if ($now - $before > $tick + $late) {
        # What was said meanwhile waits to be read.
        note_wait($now - $before, $now, '');
        defined $_->{heard} and $_->{heard} = $now for values %servers;
    } else {
        hear_all($now);
        sum_up_waits($now);
        judge($now);
    }
}

<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en" sourcelanguage="en">
<context>
    <name>ui::ControlsPanel</name>
    <message numerus="yes">
        <source>%1: %2 through %3, %n projector(s). Off: it takes no part; its step&apos;s share goes to the others.</source>
        <translation>
            <numerusform>%1: %2 through %3, %n projector. Off: it takes no part; its step&apos;s share goes to the others.</numerusform>
            <numerusform>%1: %2 through %3, %n projectors. Off: it takes no part; its step&apos;s share goes to the others.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::ExplorePage</name>
    <message numerus="yes">
        <source>%n item(s) without a direction left out</source>
        <translation>
            <numerusform>%n item without a direction left out</numerusform>
            <numerusform>%n items without a direction left out</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::MainWindow</name>
    <message numerus="yes">
        <source>%1: %n warning(s)</source>
        <translation>
            <numerusform>%1: %n warning</numerusform>
            <numerusform>%1: %n warnings</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::ProjectorChips</name>
    <message numerus="yes">
        <source>, %n epoch(s)</source>
        <translation>
            <numerusform>, %n epoch</numerusform>
            <numerusform>, %n epochs</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::QueryLineView</name>
    <message numerus="yes">
        <source>and %n more</source>
        <translation>
            <numerusform>and %n more</numerusform>
            <numerusform>and %n more</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::QueryPanel</name>
    <message numerus="yes">
        <source>%n selected on the map  ×</source>
        <translation>
            <numerusform>%n selected on the map  ×</numerusform>
            <numerusform>%n selected on the map  ×</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::ReportSetup</name>
    <message numerus="yes">
        <source>Trains %n projector(s) of %1 at %2: %3 at %4 GFLOP/s, %5.</source>
        <translation>
            <numerusform>Trains %n projector of %1 at %2: %3 at %4 GFLOP/s, %5.</numerusform>
            <numerusform>Trains %n projectors of %1 at %2: %3 at %4 GFLOP/s, %5.</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ui::RunSetup</name>
    <message numerus="yes">
        <source>An unfinished run of %1 is here; %n projector(s) are trained.</source>
        <translation>
            <numerusform>An unfinished run of %1 is here; %n projector is trained.</numerusform>
            <numerusform>An unfinished run of %1 is here; %n projectors are trained.</numerusform>
        </translation>
    </message>
</context>
</TS>

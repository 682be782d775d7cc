"""
Names as people meet them: what they are called, and what they are.

A line is ``title ; name ; number ; quality ; group ; more``. A number is ``1999``, ``S01E02``, ``S01E02-04``, ``S01``,
``2024-05-17`` or ``#7`` (absolute); ``more`` is ``v2`` ``real`` ``repack``, ``=edition`` and ``+Language``.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from attrs import frozen

from jackd.model.item import Item, Kind, Quality
from jackd.model.revision import Revision

SCENE = """
# films, one of each source and resolution
Copper.Sky.2014.480p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-480p ; GRP
Copper.Sky.2014.576p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-576p ; GRP
Copper.Sky.2014.720p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-720p ; GRP
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.2160p.UHD.BluRay.x265-GRP ; Copper Sky ; 2014 ; Bluray-2160p ; GRP
Copper.Sky.2014.1080p.Blu-ray.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.BluRay.1080p.DTS.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BDRip.x265.10bit-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.BDRip.x264-GRP ; Copper Sky ; 2014 ; Bluray-480p ; GRP
Copper.Sky.2014.BRRip.XviD.AC3-GRP ; Copper Sky ; 2014 ; Bluray-480p ; GRP
Copper.Sky.2014.720p.BRRip.AAC2.0.H.264-GRP ; Copper Sky ; 2014 ; Bluray-720p ; GRP
Copper.Sky.2014.1080p.HDDVD.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.REMUX.AVC.DTS-HD.MA.5.1-GRP ; Copper Sky ; 2014 ; Remux-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.Remux.VC-1.TrueHD.5.1-GRP ; Copper Sky ; 2014 ; Remux-1080p ; GRP
Copper.Sky.2014.2160p.UHD.BluRay.REMUX.DV.HDR.HEVC.TrueHD.7.1.Atmos-GRP ; Copper Sky ; 2014 ; Remux-2160p ; GRP
Copper.Sky.2014.UHD.BluRay.2160p.TrueHD.Atmos.7.1.DV.HEVC.HYBRID.REMUX-GRP ; Copper Sky ; 2014 ; Remux-2160p ; GRP
Copper.Sky.2014.1080p.BDRemux.AVC-GRP ; Copper Sky ; 2014 ; Remux-1080p ; GRP
Copper.Sky.2014.2160p.WEB-DL.DDP5.1.Atmos.HDR10Plus.H.265-GRP ; Copper Sky ; 2014 ; WEBDL-2160p ; GRP
Copper.Sky.2014.1080p.AMZN.WEB-DL.DDP5.1.H.264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP
Copper.Sky.2014.1080p.WEB.h264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP
Copper.Sky.2014.1080p.NF.WEB-DL.DD5.1.x264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP
Copper.Sky.2014.1080p.WEBDL.AAC2.0-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP
Copper.Sky.2014.720p.WEB-DL.AAC2.0.H.264-GRP ; Copper Sky ; 2014 ; WEBDL-720p ; GRP
Copper.Sky.2014.WEB-DL.XviD-GRP ; Copper Sky ; 2014 ; WEBDL-480p ; GRP
Copper.Sky.2014.1080p.WEBRip.x264.AAC5.1-GRP ; Copper Sky ; 2014 ; WEBRip-1080p ; GRP
Copper.Sky.2014.2160p.WEBRip.DTS-HD.MA.5.1.x265-GRP ; Copper Sky ; 2014 ; WEBRip-2160p ; GRP
Copper.Sky.2014.WEBRip.x264-GRP ; Copper Sky ; 2014 ; WEBRip-480p ; GRP
Copper.Sky.2014.1080p.HDTV.x264-GRP ; Copper Sky ; 2014 ; HDTV-1080p ; GRP
Copper.Sky.2014.720p.HDTV.x264-GRP ; Copper Sky ; 2014 ; HDTV-720p ; GRP
Copper.Sky.2014.HDTV.XviD-GRP ; Copper Sky ; 2014 ; SDTV ; GRP
Copper.Sky.2014.PDTV.x264-GRP ; Copper Sky ; 2014 ; SDTV ; GRP
Copper.Sky.2014.1080i.HDTV.DD5.1.MPEG2-GRP ; Copper Sky ; 2014 ; Raw-HD ; GRP
Copper.Sky.2014.DVDRip.XviD-GRP ; Copper Sky ; 2014 ; DVD ; GRP
Copper.Sky.2014.DVDRip.AC3.x264-GRP ; Copper Sky ; 2014 ; DVD ; GRP
Copper.Sky.2014.DVD-R.NTSC.DVDR-GRP ; Copper Sky ; 2014 ; DVD-R ; GRP
Copper.Sky.2014.DVDSCR.XviD-GRP ; Copper Sky ; 2014 ; DVDSCR ; GRP
Copper.Sky.2014.HDCAM.x264-GRP ; Copper Sky ; 2014 ; CAM ; GRP
Copper.Sky.2014.TELESYNC.x264-GRP ; Copper Sky ; 2014 ; TELESYNC ; GRP
Copper.Sky.2014.1080p.AV1.WEB-DL.Opus.5.1-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP
# films, mended
Copper.Sky.2014.PROPER.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2
Copper.Sky.2014.REPACK.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2 repack
Copper.Sky.2014.1080p.BluRay.REPACK2.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v3 repack
Copper.Sky.2014.RERIP.720p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-720p ; GRP ; v2 repack
Copper.Sky.2014.REAL.PROPER.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2 real
# films, editions
Copper.Sky.2014.Directors.Cut.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Director's Cut
Copper.Sky.2014.Extended.Cut.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Extended Cut
Copper.Sky.2014.EXTENDED.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Extended
Copper.Sky.2014.UNRATED.DVDRip.XviD-GRP ; Copper Sky ; 2014 ; DVD ; GRP ; =Unrated
Copper.Sky.2014.IMAX.2160p.WEB-DL.H.265-GRP ; Copper Sky ; 2014 ; WEBDL-2160p ; GRP ; =IMAX
Copper.Sky.2014.Open.Matte.1080p.WEB-DL.H.264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; =Open Matte
Copper.Sky.2014.REMASTERED.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Remastered
Copper.Sky.2014.Theatrical.Cut.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Theatrical Cut
Cop.2014.40th.Anniversary.Edition.1080p.BluRay-GRP ; Cop ; 2014 ; Bluray-1080p ; GRP ; =40th Anniversary Edition
Copper.Sky.2014.Final.Cut.2160p.BluRay.x265-GRP ; Copper Sky ; 2014 ; Bluray-2160p ; GRP ; =Final Cut
Copper.Sky.Special.Edition.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Special Edition
Cop.2014.Despecialized.Edition.1080p.BluRay-GRP ; Cop ; 2014 ; Bluray-1080p ; GRP ; =Despecialized Edition
# films, languages
Copper.Sky.2014.GERMAN.DL.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +German +English
Copper.Sky.German.DL.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +German +English
Copper.Sky.2014.FRENCH.1080p.WEB.H264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; +French
Copper.Sky.2014.MULTi.TRUEFRENCH.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +French +English
Copper.Sky.2014.MULTi.VFF.2160p.WEB-DL.H265-GRP ; Copper Sky ; 2014 ; WEBDL-2160p ; GRP ; +French +English
Copper.Sky.2014.iTALiAN.ENGLiSH.1080p.WEB-DL.x264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; +Italian +English
Copper.Sky.2014.iTA.ENG.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Italian +English
Copper.Sky.2014.SPANiSH.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Spanish
Copper.Sky.2014.JAPANESE.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Japanese
Copper.Sky.2014.KOREAN.1080p.WEB-DL.H.264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; +Korean
Copper.Sky.2014.Hindi.1080p.WEB-DL.AAC2.0.x264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; +Hindi
Copper.Sky.2014.SWEDiSH.1080p.WEB.H264-GRP ; Copper Sky ; 2014 ; WEBDL-1080p ; GRP ; +Swedish
Copper.Sky.2014.CZ.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Czech
Copper.Sky.2014.RUS.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Russian
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +German
# films, 3D, bits, odd but usual
Copper.Sky.2014.3D.HSBS.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.3D.BluRay.Half-OU.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.HYBRID.2160p.UHD.BluRay.DV.HDR10.x265-GRP ; Copper Sky ; 2014 ; Bluray-2160p ; GRP
Copper.Sky.2014.2160p.HLG.HDTV.H265-GRP ; Copper Sky ; 2014 ; HDTV-2160p ; GRP
Copper.Sky.2014.LIMITED.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.iNTERNAL.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.SUBBED.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper_Sky_2014_1080p_BluRay_x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
copper.sky.2014.1080p.bluray.x264-grp ; Copper Sky ; 2014 ; Bluray-1080p ; grp
Copper.Sky.(2014).1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.x264-GRP[rartv] ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.FLAC.2.0.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.WEB-DL.DTS-HD.MA.5.1.H.264 ; Copper Sky ; 2014 ; WEBDL-1080p ;
Copper.Sky.2014.1080p.WEB-DL ; Copper Sky ; 2014 ; WEBDL-1080p ;
# films, names
1917.2019.1080p.BluRay.x264-GRP ; 1917 ; 2019 ; Bluray-1080p ; GRP
2012.2009.1080p.BluRay.x264-GRP ; 2012 ; 2009 ; Bluray-1080p ; GRP
300.2006.1080p.BluRay.x264-GRP ; 300 ; 2006 ; Bluray-1080p ; GRP
21.2008.1080p.BluRay.x264-GRP ; 21 ; 2008 ; Bluray-1080p ; GRP
9.2009.720p.BluRay.x264-GRP ; 9 ; 2009 ; Bluray-720p ; GRP
Blade.Runner.2049.2017.2160p.UHD.BluRay.x265-GRP ; Blade Runner 2049 ; 2017 ; Bluray-2160p ; GRP
Wonder.Woman.1984.2020.1080p.WEB-DL.H264-GRP ; Wonder Woman 1984 ; 2020 ; WEBDL-1080p ; GRP
2001.A.Space.Odyssey.1968.1080p.BluRay.x264-GRP ; 2001: A Space Odyssey ; 1968 ; Bluray-1080p ; GRP
Oceans.Eleven.2001.1080p.BluRay.x264-GRP ; Ocean's Eleven ; 2001 ; Bluray-1080p ; GRP
Fast.and.Furious.2009.1080p.BluRay.x264-GRP ; Fast & Furious ; 2009 ; Bluray-1080p ; GRP
WALL-E.2008.1080p.BluRay.x264-GRP ; WALL·E ; 2008 ; Bluray-1080p ; GRP
M.1931.1080p.BluRay.x264-GRP ; M ; 1931 ; Bluray-1080p ; GRP
Se7en.1995.1080p.BluRay.x264-GRP ; Se7en ; 1995 ; Bluray-1080p ; GRP
Amelie.2001.1080p.BluRay.x264-GRP ; Amélie ; 2001 ; Bluray-1080p ; GRP
Charlottes.Web.2006.1080p.BluRay.x264-GRP ; Charlotte's Web ; 2006 ; Bluray-1080p ; GRP
The.Italian.Job.1969.1080p.BluRay.x264-GRP ; The Italian Job ; 1969 ; Bluray-1080p ; GRP ; +English
The.Danish.Girl.2015.1080p.BluRay.x264-GRP ; The Danish Girl ; 2015 ; Bluray-1080p ; GRP ; +English
The.German.Doctor.2013.1080p.BluRay.x264-GRP ; The German Doctor ; 2013 ; Bluray-1080p ; GRP ; +Spanish
The.Cam.Room.2019.1080p.WEB-DL.H264-GRP ; The Cam Room ; 2019 ; WEBDL-1080p ; GRP
Mission.Impossible.Fallout.2018.1080p.BluRay.x264-GRP ; Mission: Impossible - Fallout ; 2018 ; Bluray-1080p ; GRP
Spider-Man.2002.1080p.BluRay.x264-GRP ; Spider-Man ; 2002 ; Bluray-1080p ; GRP
X-Men.2000.1080p.BluRay.x264-GRP ; X-Men ; 2000 ; Bluray-1080p ; GRP
Tick.Tick...BOOM!.2021.1080p.WEB-DL.H264-GRP ; tick, tick...BOOM! ; 2021 ; WEBDL-1080p ; GRP
A.Complete.Unknown.2024.1080p.BluRay.x264-GRP ; A Complete Unknown ; 2024 ; Bluray-1080p ; GRP
Step.Up.3D.2010.1080p.BluRay.x264-GRP ; Step Up 3D ; 2010 ; Bluray-1080p ; GRP
千と千尋の神隠し.2001.1080p.BluRay.x264-GRP ; 千と千尋の神隠し ; 2001 ; Bluray-1080p ; GRP
Brat.1997.1080p.BluRay.x264-GRP ; Brat ; 1997 ; Bluray-1080p ; GRP
# episodes
Grey.Harbour.S01E02.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
Grey.Harbour.S01E02.The.Long.Night.1080p.AMZN.WEB-DL.DDP5.1.H.264-GRP ; Grey Harbour ; S01E02 ; WEBDL-1080p ; GRP
grey.harbour.s01e02.1080p.web.h264-grp ; Grey Harbour ; S01E02 ; WEBDL-1080p ; grp
Grey.Harbour.S01E02.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; SDTV ; GRP
Grey.Harbour.S01E02.PDTV.XviD-GRP ; Grey Harbour ; S01E02 ; SDTV ; GRP
Grey.Harbour.S01E02.DVDRip.x264-GRP ; Grey Harbour ; S01E02 ; DVD ; GRP
Grey.Harbour.S01E02.1080p.BluRay.REMUX.AVC.FLAC.2.0-GRP ; Grey Harbour ; S01E02 ; Bluray-1080p Remux ; GRP
Grey.Harbour.S01E02.2160p.WEB-DL.DDP5.1.DV.HDR.H.265-GRP ; Grey Harbour ; S01E02 ; WEBDL-2160p ; GRP
Grey.Harbour.S01E02.1080p.WEBRip.x265-GRP ; Grey Harbour ; S01E02 ; WEBRip-1080p ; GRP
Grey.Harbour.S01E02.REPACK.1080p.WEB.h264-GRP ; Grey Harbour ; S01E02 ; WEBDL-1080p ; GRP ; v2 repack
Grey.Harbour.S01E02.PROPER.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP ; v2
Grey.Harbour.S01E02v2.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP ; v2
Grey.Harbour.S01E02.GERMAN.1080p.WEB.x264-GRP ; Grey Harbour ; S01E02 ; WEBDL-1080p ; GRP ; +German
Grey.Harbour.S01E02E03.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02-03 ; HDTV-720p ; GRP
Grey.Harbour.S01E02-E04.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02-04 ; HDTV-720p ; GRP
Grey.Harbour.S01E02-04.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02-04 ; HDTV-720p ; GRP
Grey.Harbour.S00E05.1080p.BluRay.x264-GRP ; Grey Harbour ; S00E05 ; Bluray-1080p ; GRP
Grey.Harbour.S12E101.720p.HDTV.x264-GRP ; Grey Harbour ; S12E101 ; HDTV-720p ; GRP
Grey.Harbour.S2024E07.720p.HDTV.x264-GRP ; Grey Harbour ; S2024E07 ; HDTV-720p ; GRP
Grey.Harbour.S01.1080p.BluRay.x264-GRP ; Grey Harbour ; S01 ; Bluray-1080p ; GRP
Grey.Harbour.2008.S01E02.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
24.S01E02.720p.HDTV.x264-GRP ; 24 ; S01E02 ; HDTV-720p ; GRP
1923.S01E02.1080p.WEB.h264-GRP ; 1923 ; S01E02 ; WEBDL-1080p ; GRP
9-1-1.S05E01.1080p.WEB.h264-GRP ; 9-1-1 ; S05E01 ; WEBDL-1080p ; GRP
The.100.S01E02.720p.HDTV.x264-GRP ; The 100 ; S01E02 ; HDTV-720p ; GRP
11.22.63.S01E02.1080p.WEB.h264-GRP ; 11.22.63 ; S01E02 ; WEBDL-1080p ; GRP
Mr.Robot.S01E02.1080p.BluRay.x264-GRP ; Mr. Robot ; S01E02 ; Bluray-1080p ; GRP
Marvels.Agents.of.S.H.I.E.L.D.S01E02.720p.HDTV.x264-GRP ; Marvel's Agents of S.H.I.E.L.D. ; S01E02 ; HDTV-720p ; GRP
Doctor.Who.2005.S01E02.720p.HDTV.x264-GRP ; Doctor Who (2005) ; S01E02 ; HDTV-720p ; GRP
WEB.of.Lies.S01E02.720p.HDTV.x264-GRP ; WEB of Lies ; S01E02 ; HDTV-720p ; GRP
Law.and.Order.S01E02.DVDRip.XviD-GRP ; Law & Order ; S01E02 ; DVD ; GRP
The.Late.Hour.2024.05.17.1080p.WEB.h264-GRP ; The Late Hour ; 2024-05-17 ; WEBDL-1080p ; GRP
The.Late.Hour.2024.05.17.Some.Guest.720p.WEB.h264-GRP ; The Late Hour ; 2024-05-17 ; WEBDL-720p ; GRP
The.Late.Hour.2024-05-17.720p.HDTV.x264-GRP ; The Late Hour ; 2024-05-17 ; HDTV-720p ; GRP
[Grp] Stella Nova - 07 [1080p] ; Stella Nova ; #7 ; HDTV-1080p ; Grp
[Grp] Stella Nova - 07v2 [BD 1080p] ; Stella Nova ; #7 ; Bluray-1080p ; Grp ; v2
[Grp]_Stella_Nova_-_107_[720p][WEB-DL] ; Stella Nova ; #107 ; WEBDL-720p ; Grp
"""

MESSY = """
# films
Copper Sky (2014) ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper Sky (2014) {tmdb-5} - [Bluray-1080p][DTS 5.1][x264]-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper Sky (2014) {edition-Directors Cut} 1080p ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Director's Cut
Copper Sky 2014 1080p BluRay x264 [GRP] ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2015.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.720p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.WEB-DL.x264-GRP ; Copper Sky ; 2014 ; WEBRip-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.AVC.DTS-HD.MA.5.1-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.COMPLETE.BLURAY-GRP ; Copper Sky ; 2014 ; Remux-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.x264-OTHER ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.x264 ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2 repack
Copper.Sky.2014.PROPER.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP
Copper.Sky.2014.REPACK.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v3 repack
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v4
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; v2 real
Copper.Sky.2014.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; =Extended
Copper.Sky.2014.FRENCH.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +German
Copper.Sky.2014.iTALiAN.1080p.BluRay.x264-GRP ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +English
x ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +French +English
x ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Portuguese (Brazil)
x ; Copper Sky ; 2014 ; Bluray-1080p ; GRP ; +Czech +Slovak
x ; Copper Sky ; 2014 ; WEBDL-2160p ; GRP ; v2 repack =IMAX +Japanese
x ; Copper Sky ; 2014 ; Raw-HD ; GRP
x ; Copper Sky ; 2014 ; DVD-R ; GRP
x ; Copper Sky ; 2014 ; BR-DISK ; GRP
x ; Copper Sky ; 2014 ; REGIONAL ; GRP
x ; Copper Sky ; 2014 ; TELECINE ; GRP
x ; Copper Sky ; 2014 ; WORKPRINT ; GRP
x ; Copper Sky ; 2014 ; WEBDL-480p ; D-Z0N3
x ; Copper Sky ; 2014 ; Bluray-1080p ;
x ; Copper Sky ; 2014 ; WEBDL-1080p ;
x ; Copper Sky ; 2014 ; SDTV ;
# names that are misread as they are
x ; A German Life ; 2016 ; Bluray-1080p ; GRP
x ; New Germany ; 2011 ; WEBDL-1080p ; GRP
x ; The Final Cut ; 2004 ; Bluray-1080p ; GRP
x ; Life Uncut ; 2007 ; Bluray-1080p ; GRP
x ; Extended Uncut ; 1999 ; DVD ; GRP
x ; The Legend Extended ; 2015 ; Bluray-1080p ; GRP
x ; A Complete Unknown ; 2024 ; Bluray-1080p ; GRP
x ; The Disc ; 2010 ; Bluray-1080p ; GRP
x ; Blade Runner 2049 Black Out 2022 ; 2017 ; WEBDL-1080p ; GRP
x ; Class of 1984 Part 2 ; 1999 ; DVD ; GRP
x ; From 2020 with Love ; 2021 ; WEBDL-1080p ; GRP
x ; Proper Manors ; 2014 ; WEBDL-1080p ; GRP
x ; REAL ; 2013 ; Bluray-1080p ; GRP
x ; Repack ; 2014 ; WEBDL-1080p ; GRP ; v2
x ; Charlotte's Web ; 2006 ; HDTV-1080p ; GRP
x ; The Remux ; 2014 ; Bluray-1080p ; GRP
x ; DVD ; 2014 ; WEBDL-1080p ; GRP
x ; The Cam ; 2014 ; WEBDL-1080p ; GRP
x ; Ultimate ; 2014 ; WEBDL-1080p ; GRP
x ; 1917 ; 2019 ; Bluray-1080p ; GRP
x ; 2012 ; 2009 ; Bluray-1080p ; GRP
x ; 1984 ; 1984 ; Bluray-1080p ; GRP
x ; 300 ; 2006 ; Bluray-1080p ; GRP
x ; 10 ; 1979 ; DVD ; GRP
x ; (500) Days of Summer ; 2009 ; Bluray-1080p ; GRP
x ; [REC] ; 2007 ; Bluray-1080p ; GRP
x ; ...And Justice for All ; 1979 ; Bluray-1080p ; GRP
x ; tick, tick...BOOM! ; 2021 ; WEBDL-1080p ; GRP
x ; Ocean’s Eleven ; 2001 ; Bluray-1080p ; GRP
x ; Fast & Furious ; 2009 ; Bluray-1080p ; GRP
x ; Léon: The Professional ; 1994 ; Bluray-1080p ; GRP
x ; Æon Flux ; 2005 ; Bluray-1080p ; GRP
x ; Das Boot – Director's Cut ; 1981 ; Bluray-1080p ; GRP
x ; Смешарики ; 2011 ; WEBDL-1080p ; GRP
x ; 千と千尋の神隠し ; 2001 ; Bluray-1080p ; GRP
x ; عمر ; 2013 ; WEBDL-1080p ; GRP
x ; Borat Subsequent Moviefilm Delivery of Prodigious Bribe to American Regime ; 2020 ; WEBDL-1080p ; GRP
x ; Donaudampfschifffahrtskapitaensmuetze ; 2010 ; DVD ; GRP
x ; abc ; 2010 ; DVD ; GRP
x ; S01E01 ; 2010 ; DVD ; GRP
x ; Password yEnc ; 2010 ; DVD ; GRP
x ; M ; 1931 ; Bluray-1080p ; GRP
x ; Movie 43 ; 2013 ; Bluray-1080p ; GRP
x ; Apollo 13 ; 1995 ; Bluray-1080p ; GRP
x ; 1080p ; 2014 ; WEBDL-720p ; GRP
x ; Dune (2021) ; 2021 ; Bluray-2160p ; GRP
x ; Roundhay Garden Scene ; 1888 ; WEBDL-1080p ; GRP
# episodes
Grey Harbour - S01E02 - The Long Night WEBDL-1080p ; Grey Harbour ; S01E02 ; WEBDL-1080p ; GRP
Grey Harbour S01E02 ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
Grey Harbour 1x02 720p HDTV ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
grey.harbour.102.hdtv-grp ; Grey Harbour ; S01E02 ; SDTV ; grp
Grey.Harbour.S01E03.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
Grey.Harbour.US.S01E02.720p.HDTV.x264-GRP ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
Episode 2 ; Grey Harbour ; S01E02 ; HDTV-720p ; GRP
x ; Grey Harbour ; S01E02-03 ; HDTV-720p ; GRP
x ; Grey Harbour ; S01E02-09 ; HDTV-720p ; GRP
x ; Grey Harbour ; S01E02-09 ; SDTV ;
x ; Grey Harbour ; S00E05 ; WEBDL-1080p ; GRP ; v2
x ; Grey Harbour ; S12E101 ; WEBDL-1080p ; GRP ; v3
x ; Grey Harbour ; S2024E07 ; WEBDL-1080p ; GRP ; v3 repack
x ; Grey Harbour ; S01 ; Bluray-1080p Remux ; GRP ; +German +English
x ; 24 ; S01E02 ; DVD ; GRP
x ; 9-1-1 ; S05E01 ; WEBDL-1080p ; GRP
x ; The 100 ; S01E02 ; HDTV-720p ; GRP
x ; 11.22.63 ; S01E02 ; WEBDL-1080p ; GRP
x ; 1923 ; S01E02 ; WEBDL-1080p ; GRP
x ; Mr. Robot ; S01E02 ; Bluray-1080p ; GRP
x ; WEB of Lies ; S01E02 ; HDTV-720p ; GRP
x ; Proper Manors ; S01E02 ; HDTV-720p ; GRP
x ; Proper Manors ; S01E02 ; HDTV-720p ; GRP ; v2
x ; Disc Jockeys ; S01E02 ; Bluray-1080p ; GRP
x ; Doctor Who (2005) ; S01E02 ; HDTV-720p ; GRP
x ; Marvel's Agents of S.H.I.E.L.D. ; S01E02 ; HDTV-720p ; GRP
x ; Love, Death & Robots ; S01E02 ; WEBDL-2160p ; GRP
x ; ¿Quién mató a Sara? ; S01E02 ; WEBDL-1080p ; GRP ; +Spanish
x ; Ведьмак ; S01E02 ; WEBDL-1080p ; GRP ; +Russian
# daily, anime
x ; The Late Hour ; 2024-05-17 ; WEBDL-1080p ; GRP
x ; The Late Hour ; 2026-11-25 ; SDTV ; GRP ; v2
x ; Studio 101 ; 2024-05-17 ; WEBDL-1080p ; GRP
x ; The 360 Show ; 2024-05-17 ; WEBDL-480p ; GRP
x ; 60 Minutes ; 2024-05-17 ; WEBDL-1080p ; GRP
x ; Stella Nova ; #7 ; Bluray-1080p ; Grp
x ; Stella Nova ; #7 ; Bluray-1080p ; Grp ; v2
x ; Stella Nova ; #107 ; WEBDL-720p ; Grp ; v3
x ; Stella Nova ; #1107 ; Bluray-1080p Remux ; Grp
x ; Stella Nova 2nd Season ; #12 ; WEBDL-1080p ; Grp ; +Japanese +English
"""


@frozen
class Name:
    """One line: ``title`` as it is met, and what it is."""

    title: str
    item: Item


def names(table: str) -> list[Name]:
    """The lines of a table."""
    return [_name(line) for line in table.splitlines() if line and not line.startswith("#")]


def _name(line: str) -> Name:
    title, name, number, quality, group, more, *_ = (*(part.strip() for part in line.split(";")), "", "")
    facts = {**_numbered(number), **_more(more)}
    known = Quality(name=quality)
    item = Item(
        id="a:b:1",
        title=title,
        filename="x.mkv",
        size=1,
        name=name,
        quality=known,
        release_group=group or None,
        **facts,
    )
    return Name(title, item)


def _numbered(number: str) -> dict[str, Any]:
    if number.startswith("#"):
        return {"kind": Kind.EPISODE, "absolute": int(number[1:]), "anime": True}
    if "-" in number and not number.startswith("S"):
        return {"kind": Kind.EPISODE, "aired": date.fromisoformat(number)}
    if not number.startswith("S"):
        return {"kind": Kind.MOVIE, "year": int(number)}
    season, _, episodes = number[1:].partition("E")
    first, _, last = episodes.partition("-")
    listed = range(int(first), int(last or first) + 1) if first else ()
    return {"kind": Kind.EPISODE, "season": int(season), "episodes": tuple(listed), "year": 2008}


def _more(more: str) -> dict[str, Any]:
    """``v2 repack =Final Cut +French +English``."""
    words, *languages = more.split("+")
    words, _, edition = words.partition("=")
    version = next((int(word[1:]) for word in words.split() if word.startswith("v")), 1)
    revision = Revision(version=version, real=words.split().count("real"), repack="repack" in words)
    return {
        "revision": revision,
        "edition": edition.strip() or None,
        "languages": tuple(name.strip() for name in languages),
    }
